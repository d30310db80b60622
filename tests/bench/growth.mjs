// What 100 turns of a chat leave in the database, under each durability. Start it with `node tests/bench/growth.mjs [turns]`
// after a build; it brings a fleet with a private Postgres and Redis. The table is in docs/growth.md.
import { turn } from "./graphs/chat.mjs";
import { withPrivateFleet } from "./private-fleet.mjs";

const TURNS = Number(process.argv[2] ?? 100);
/** Messages that a chat remembers: twenty of a kilobyte, or all of them. */
const WINDOWS = [20, 10_000];
const TABLES = ["checkpoints", "checkpoint_blobs", "checkpoint_writes", "runs", "threads"];

await withPrivateFleet({ graphs: ["chat"] }, async ({ pool, call }) => {
  console.log(`| chat | durability | ${TABLES.join(" | ")} | rows | KB |`);
  for (const window of WINDOWS) {
    for (const durability of ["sync", "async", "exit"]) {
      const { thread_id: id } = await call("POST", "/threads", {});
      for (let n = 0; n < TURNS; n++) {
        await call("POST", `/threads/${id}/runs/wait`, { assistant_id: "chat", input: turn(window), durability });
      }
      await report(pool, `${window} messages`, durability, id);
      await call("POST", "/threads/prune", { thread_ids: [id], strategy: "keep_latest" });
      await report(pool, "after keep_latest", durability, id);
    }
  }
});

/** Bytes are those of the columns as stored, compressed where Postgres compresses; pages and indexes come on top. */
async function report(pool, name, durability, id) {
  const sizes = [];
  for (const table of TABLES) {
    const { rows: columns } = await pool.query(
      "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped",
      [table],
    );
    const size = columns.map(({ attname }) => `coalesce(pg_column_size("${attname}"), 0)`).join(" + ");
    const { rows } = await pool.query(
      `SELECT count(*)::int AS rows, coalesce(sum(${size}), 0)::float8 AS bytes FROM ${table} WHERE thread_id::text = $1`,
      [id],
    );
    sizes.push(rows[0]);
  }
  const total = sizes.reduce((sum, { rows, bytes }) => ({ rows: sum.rows + rows, bytes: sum.bytes + bytes }));
  const cells = sizes.map(({ rows, bytes }) => `${rows} / ${kilobytes(bytes)}`);
  console.log(`| ${name} | ${durability} | ${cells.join(" | ")} | ${total.rows} | ${kilobytes(total.bytes)} |`);
}

function kilobytes(bytes) {
  return Math.round(bytes / 1024).toLocaleString("en");
}
