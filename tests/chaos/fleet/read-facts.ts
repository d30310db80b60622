import type { Facts, FiringFact, RunFact, ThreadFact } from "../check/facts.js";
import { immortalKeys } from "./ask-redis.js";
import { type ChaosFleet, KEY_PREFIX } from "./chaos-fleet.js";

/** Connections come and go by one or two at any time. */
const CONNECTIONS_LEEWAY = 6;

/** Everything the checker wants to know, of a fleet at rest. */
export async function readFacts(fleet: ChaosFleet, connectionsBefore: number): Promise<Facts> {
  const { rows: runs } = await fleet.sql.query<RunFact>(`
    select run_id as run, thread_id as thread, seq::int as seq, status, attempt, lease_owner is not null as leased,
      (extract(epoch from created_at) * 1000)::float8 as "createdAt",
      (extract(epoch from started_at) * 1000)::float8 as "startedAt",
      (extract(epoch from ended_at) * 1000)::float8 as "endedAt",
      metadata->>'mark' as mark, coalesce((metadata->>'steps')::int, 0) as steps,
      metadata->>'cron_id' as cron
    from runs order by seq`);
  const { rows: statuses } = await fleet.sql.query<{ thread: string; status: string }>(
    "select thread_id as thread, status from threads where not temporary",
  );
  const threads: ThreadFact[] = [];
  for (const { thread, status } of statuses) threads.push({ thread, status, log: await logOf(fleet, thread) });
  const { rows: firings } = await fleet.sql.query<FiringFact>(`
    select cron_id as cron, (extract(epoch from scheduled_for) * 1000)::float8 as at, run_id as run from cron_firings`);
  return {
    runs,
    threads,
    firings,
    immortalTapes: await immortalKeys(fleet.servers.redis.uri, `${KEY_PREFIX}tape:*`),
    connections: { before: connectionsBefore + CONNECTIONS_LEEWAY, after: await connectionsOf(fleet) },
  };
}

/** How many sessions the processes of the fleet have at the moment. */
export async function connectionsOf(fleet: ChaosFleet): Promise<number> {
  const { rows } = await fleet.sql.query<{ count: number }>(
    "select count(*)::int as count from pg_stat_activity where application_name like 'graphfleet%'",
  );
  return rows[0]?.count ?? 0;
}

/** Runs that are not over. */
export async function inflightOf(fleet: ChaosFleet): Promise<number> {
  const { rows } = await fleet.sql.query<{ count: number }>(
    "select count(*)::int as count from runs where status in ('pending', 'running')",
  );
  return rows[0]?.count ?? 0;
}

/** Webhooks that somebody has still to be told of. */
export async function undeliveredOf(fleet: ChaosFleet): Promise<number> {
  const { rows } = await fleet.sql.query<{ count: number }>(
    "select count(*)::int as count from webhook_deliveries where status = 'pending'",
  );
  return rows[0]?.count ?? 0;
}

async function logOf(fleet: ChaosFleet, thread: string): Promise<readonly string[] | null> {
  const response = await fetch(`${fleet.url}/threads/${thread}/state`);
  if (!response.ok) throw new Error(`the state of thread ${thread} cannot be read: ${response.status}`);
  const { values } = (await response.json()) as { values: { log?: string[] } | null };
  return values?.log ?? null;
}
