// How long a search over many threads takes, at the repository: SQL, driver and rows. Start it with
// `node tests/bench/thread-search.mjs [threads]` after a build; it brings a private Postgres, or uses TEST_DATABASE_URI
// (a server where it may make a database). Results are kept in RESULTS.md.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WHOLE_HOUSE } from "../../packages/domain/dist/index.js";
import { startPostgres } from "../../packages/embedded/dist/index.js";
import { migrate, openPostgres } from "../../packages/postgres/dist/index.js";

const THREADS = Number(process.argv[2] ?? 100_000);
/** Also counts every match, as searches did once. */
const EXACT = process.argv.includes("--exact");
const ROUNDS = 60;
const WARM_UP = 5;

const byCreation = { by: "created_at", order: "desc" };
const page = { limit: 10, offset: 0, sort: byCreation };
const brief = { select: ["thread_id", "metadata", "status"] };
const half = { metadata: { graph_id: "agent-1" } };
const QUERIES = {
  "everything, 10 with values": page,
  "everything, 100 without values": { ...page, ...brief, limit: 100 },
  "half of all (graph_id), 10 with values": { ...page, ...half },
  "half of all (graph_id), 100 without values": { ...page, ...brief, ...half, limit: 100 },
  "half of all (graph_id), page 50": { ...page, ...brief, ...half, offset: 500 },
  "100 of all (user), 10 with values": { ...page, metadata: { user: "u7" } },
  "one of all (metadata.n)": { ...page, metadata: { n: 4711 } },
  "1 % of all (values.topic), 10 with values": { ...page, values: { topic: "t7" } },
  "1 % of all (status), 10 with values": { ...page, status: "interrupted" },
  "none (status)": { ...page, status: "busy" },
  "99 % of all (status), 100 without values": { ...page, ...brief, status: "idle", limit: 100 },
  "none (metadata)": { ...page, metadata: { graph_id: "nope" } },
  "half of all and 1 % (status)": { ...page, ...half, status: "interrupted" },
  "sorted by updated_at": { ...page, ...brief, sort: { by: "updated_at", order: "desc" } },
  "sorted by state_updated_at, descending": { ...page, ...brief, sort: { by: "state_updated_at", order: "desc" } },
  "sorted by state_updated_at, ascending": { ...page, ...brief, sort: { by: "state_updated_at", order: "asc" } },
  "sorted by status": { ...page, ...brief, sort: { by: "status", order: "desc" } },
  "extract of the last message, 100": {
    ...page,
    select: ["thread_id"],
    extract: [{ alias: "last", field: "values", path: ["messages", "-1", "content"] }],
    limit: 100,
  },
};

const folder = mkdtempSync(join(tmpdir(), "graphfleet-bench-"));
const given = process.env.TEST_DATABASE_URI;
const server = given === undefined ? await startPostgres({ dataDir: join(folder, "postgres"), ephemeral: true }) : null;
const ledger = await openPostgres({
  uri: given ?? server.uri,
  poolMax: 2,
  applicationName: "bench",
  statementTimeoutMs: 600_000,
});
try {
  await migrate({ pool: ledger.pool });
  await fill();
  for (const [name, query] of Object.entries(QUERIES)) report(name, await measure(query));
} finally {
  await ledger.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** Values of 12 kB that do not compress away; two graphs, a thousand users, a hundred topics. */
async function fill() {
  const { rows } = await ledger.pool.query("select count(*)::int as n from threads");
  if (rows[0].n >= THREADS) return;
  await ledger.pool.query(`
    with texts as (
      select array_agg(body) as bodies from (
        select string_agg(md5(t || '/' || i), '') as body
        from generate_series(1, 200) t, generate_series(1, 125) i group by t
      ) b
    )
    insert into threads (thread_id, status, metadata, config, "values", created_at, updated_at, state_updated_at)
    select gen_random_uuid(),
      case n % 100 when 0 then 'interrupted' else 'idle' end,
      jsonb_build_object('graph_id', 'agent-' || n % 2, 'assistant_id', md5((n % 2)::text), 'user', 'u' || n % 1000, 'n', n),
      '{"configurable":{"model":"m"}}',
      jsonb_build_object('topic', 't' || n % 100, 'messages', jsonb_build_array(
        jsonb_build_object('type', 'human', 'content', bodies[n % 200 + 1]),
        jsonb_build_object('type', 'ai', 'content', bodies[(n * 7) % 200 + 1]),
        jsonb_build_object('type', 'ai', 'content', bodies[(n * 13) % 200 + 1]))),
      now() - make_interval(secs => n), now() - make_interval(secs => n::bigint * 7919 % 1000003),
      case when n % 10 > 0 then now() - make_interval(secs => n::bigint * 104729 % 1000003) end
    from texts, generate_series(1, ${THREADS}) n`);
  await ledger.pool.query("vacuum analyze threads");
}

async function measure(query) {
  const took = [];
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const begin = performance.now();
    const { items } = await ledger.storage.threads.search(query, WHOLE_HOUSE);
    if (EXACT && items.length === query.limit) await ledger.storage.threads.count(query, WHOLE_HOUSE);
    if (round >= 0) took.push(performance.now() - begin);
  }
  return took.toSorted((a, b) => a - b);
}

function report(name, took) {
  const at = (share) => took[Math.min(took.length - 1, Math.floor(took.length * share))].toFixed(1).padStart(6);
  console.log(`| ${name.padEnd(44)} | ${at(0.5)} | ${at(0.95)} |`);
}
