// What traffic notices while many threads expire. Start it with `node tests/bench/expiry.mjs [threads]` after a build; it
// brings a fleet with a private Postgres and Redis. Reads and runs are measured before, during and after. The numbers are
// in RESULTS.md.
import { setTimeout as sleep } from "node:timers/promises";
import { withPrivateFleet } from "./private-fleet.mjs";
import { percentile } from "./stats.mjs";

const THREADS = Number(process.argv[2] ?? 100_000);
/** Threads that are in use. */
const LIVE = 100;
const READERS = 4;
const RUNNERS = 2;
const BEFORE_MS = 20_000;
const LONGEST_MS = 600_000;

const ttl = { strategy: "delete", sweep_interval_minutes: 0.02, sweep_limit: 1_000_000 };

await withPrivateFleet({ graphs: ["echo"], checkpointer: { ttl } }, async ({ pool, call }) => {
  const live = await makeLiveThreads(call);
  await fill(pool);
  console.log(`${THREADS} threads with ${await rowsOf(pool)} rows, ${await megabytesOf(pool)} MB`);

  report("before", await traffic(call, live, async () => sleep(BEFORE_MS)));
  const began = performance.now();
  await pool.query("UPDATE threads SET expires_at = now() WHERE metadata ? 'bench'");
  const marked = performance.now();
  const during = await traffic(call, live, async () => untilGone(pool));
  const seconds = (performance.now() - marked) / 1000;
  report("during", during);
  console.log(`marked in ${((marked - began) / 1000).toFixed(1)} s; gone after ${seconds.toFixed(1)} s more`);
  console.log(`${Math.round(THREADS / seconds)} threads per second; ${await rowsOf(pool)} rows left of them`);
  report("after", await traffic(call, live, async () => sleep(BEFORE_MS)));
});

async function makeLiveThreads(call) {
  const ids = [];
  for (let n = 0; n < LIVE; n++) {
    const { thread_id } = await call("POST", "/threads", { metadata: { live: true } });
    await call("POST", `/threads/${thread_id}/runs/wait`, run("hello"));
    ids.push(thread_id);
  }
  return ids;
}

/** What a thread has after one run of two steps, with values of half a kilobyte that do not compress away. */
async function fill(pool) {
  await pool.query(`
    INSERT INTO threads (thread_id, metadata, config, "values", ttl_minutes, ttl_strategy, expires_at, created_at, updated_at)
    SELECT gen_random_uuid(), '{"bench": true, "graph_id": "echo"}', '{}', '{"messages": []}', 60, 'delete',
      now() + interval '1 hour', now() - interval '1 day', now() - interval '1 day'
    FROM generate_series(1, ${THREADS})`);
  await pool.query(`
    INSERT INTO runs (run_id, thread_id, assistant_id, status, metadata, spec, auth, multitask_strategy, temporary, ended_at,
      tape_from)
    SELECT gen_random_uuid(), thread_id, gen_random_uuid(), 'success', '{}', '{}', '{}', 'enqueue', false, now(), 0
    FROM threads WHERE metadata ? 'bench'`);
  await pool.query(`
    INSERT INTO checkpoints (thread_id, checkpoint_id, checkpoint, metadata)
    SELECT thread_id::text, n::text, jsonb_build_object('channel_versions', jsonb_build_object('messages', n)), '{"run_id": "r"}'
    FROM threads, generate_series(1, 3) n WHERE metadata ? 'bench'`);
  await pool.query(`
    INSERT INTO checkpoint_blobs (thread_id, channel, version, type, blob)
    SELECT thread_id::text, 'messages', n::text, 'json',
      (SELECT string_agg(decode(md5(thread_id::text || n || i), 'hex'), '') FROM generate_series(1, 32) i)
    FROM threads, generate_series(1, 3) n WHERE metadata ? 'bench'`);
  await pool.query(`
    INSERT INTO checkpoint_writes (thread_id, checkpoint_id, task_id, idx, channel, type, blob)
    SELECT thread_id::text, n::text, 't', 0, 'messages', 'json', decode(md5(thread_id::text || n), 'hex')
    FROM threads, generate_series(1, 3) n WHERE metadata ? 'bench'`);
  await pool.query("VACUUM ANALYZE");
  await pool.query("CHECKPOINT");
}

/** Reads and runs on live threads for as long as `meanwhile` takes; milliseconds by kind. */
async function traffic(call, live, meanwhile) {
  const took = {
    "GET /threads/{id}": [],
    "GET /threads/{id}/state": [],
    "POST /threads/search": [],
    "POST /runs/wait": [],
  };
  let errors = 0;
  const over = new AbortController();
  const timed = async (kind, method, path, body) => {
    const begin = performance.now();
    try {
      await call(method, path, body);
      took[kind].push(performance.now() - begin);
    } catch {
      errors += 1;
    }
  };
  const pick = () => live[Math.floor(Math.random() * live.length)];
  const readers = Array.from({ length: READERS }, async () => {
    while (!over.signal.aborted) {
      await timed("GET /threads/{id}", "GET", `/threads/${pick()}`);
      await timed("GET /threads/{id}/state", "GET", `/threads/${pick()}/state`);
      await timed("POST /threads/search", "POST", "/threads/search", { metadata: { live: true }, limit: 10 });
      // Leaves room on a small machine: what is measured is waiting, not saturation.
      await sleep(20);
    }
  });
  const runners = Array.from({ length: RUNNERS }, async () => {
    while (!over.signal.aborted) {
      await timed("POST /runs/wait", "POST", "/runs/wait", run("hi"));
      await sleep(20);
    }
  });
  await meanwhile();
  over.abort();
  await Promise.all([...readers, ...runners]);
  return { took, errors };
}

async function untilGone(pool) {
  const giveUpAt = performance.now() + LONGEST_MS;
  for (;;) {
    const { rows } = await pool.query("SELECT EXISTS (SELECT FROM threads WHERE expires_at <= now()) AS left");
    if (!rows[0].left) return;
    if (performance.now() > giveUpAt) throw new Error("The threads were not gone in time.");
    await sleep(500);
  }
}

async function rowsOf(pool) {
  const tables = ["threads", "runs", "checkpoints", "checkpoint_blobs", "checkpoint_writes"];
  const live = "SELECT thread_id::text FROM threads WHERE metadata ? 'live'";
  const counts = await Promise.all(
    tables.map(async (table) => {
      const text = `SELECT count(*)::int AS n FROM ${table} WHERE thread_id::text NOT IN (${live})`;
      return (await pool.query(text)).rows[0].n;
    }),
  );
  return counts.reduce((sum, n) => sum + n, 0);
}

async function megabytesOf(pool) {
  const { rows } = await pool.query("SELECT pg_database_size(current_database()) AS n");
  return Math.round(Number(rows[0].n) / 1e6);
}

function run(text) {
  return { assistant_id: "echo", input: { messages: [{ type: "human", content: text }] } };
}

function report(phase, { took, errors }) {
  for (const [kind, samples] of Object.entries(took)) {
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(samples, share)?.toFixed(1) ?? "-");
    console.log(`| ${kind} | ${phase} | ${p50} | ${p95} | ${p99} | ${samples.length} |`);
  }
  console.log(`${phase}: ${errors} errors`);
}
