import type { PostgresFacts } from "@graphfleet/postgres";
import { fail, type Finding, ok, warn } from "./finding.js";

/** The processes that will share the database. */
export interface Plan {
  readonly apis: number;
  readonly workers: number;
  readonly schedulers: number;
  /** LANGGRAPH_POSTGRES_POOL_MAX_SIZE, where it is set. */
  readonly poolMax: number | null;
}

const OLDEST_MAJOR = 15;
/** Leases are on database time, logs and tokens on everybody's own. */
const SKEW_MS = 5000;
/** What a worker holds beside its pool: the heartbeat's own two. */
const HEARTBEAT_CONNECTIONS = 2;
/** What each process holds for a moment while it looks whether the server is there. */
const LOOKING_CONNECTIONS = 1;
const API_POOL = 10;
const WORKER_POOL = 10;
const SCHEDULER_POOL = 3;
const MIGRATE_CONNECTIONS = 2;

/** What the facts mean for a fleet. */
export function judgePostgres(facts: PostgresFacts, plan: Plan): Finding[] {
  return [
    version(facts),
    ...hosts(facts),
    writable(facts),
    connections(facts, plan),
    pgvector(facts),
    clock(facts),
    schema(facts),
  ];
}

const version = ({ major, version }: PostgresFacts): Finding =>
  major >= OLDEST_MAJOR
    ? ok("postgres", `answers, version ${version}`)
    : fail("postgres", `is version ${version}`, `Use Postgres ${OLDEST_MAJOR} or newer.`);

/** Only when there are several. */
function hosts({ hosts, attrs }: PostgresFacts): Finding[] {
  if (hosts.length < 2) return [];
  const check = "postgres hosts";
  const words = hosts.map(({ name, is }) => `${name} is ${is}`).join(", ");
  if (attrs === "any")
    return [
      warn(
        check,
        `${words}; the first that answers is used, also when it takes no writes`,
        "Add target_session_attrs=read-write to DATABASE_URI.",
      ),
    ];
  if (hosts.some(({ is }) => is === "unreachable"))
    return [warn(check, words, "Start the one that is not there, or there is nothing to fail over to.")];
  return [ok(check, words)];
}

function writable({ isReadOnly, mayCreate, schemaName }: PostgresFacts): Finding {
  const check = "postgres rights";
  if (isReadOnly) return fail(check, "the server is read-only, a standby perhaps", "Name the primary in DATABASE_URI.");
  if (schemaName === null)
    return fail(check, "the user's search path leads to no schema", "Create one, or set search_path for the user.");
  return mayCreate
    ? ok(check, `the user may make tables in schema ${schemaName}`)
    : fail(
        check,
        `the user may not make tables in schema ${schemaName}, so migrations cannot run`,
        `As its owner: GRANT CREATE ON SCHEMA ${schemaName} TO the user of DATABASE_URI.`,
      );
}

/** Most connections that the planned processes can hold at once. */
export function connectionBudget({ apis, workers, schedulers, poolMax }: Plan): number {
  return (
    apis * ((poolMax ?? API_POOL) + LOOKING_CONNECTIONS) +
    workers * ((poolMax ?? WORKER_POOL) + HEARTBEAT_CONNECTIONS + LOOKING_CONNECTIONS) +
    schedulers * ((poolMax ?? SCHEDULER_POOL) + LOOKING_CONNECTIONS) +
    MIGRATE_CONNECTIONS
  );
}

function connections({ maxConnections, reservedConnections, isPooled }: PostgresFacts, plan: Plan): Finding {
  const check = "postgres connections";
  const budget = connectionBudget(plan);
  const usable = maxConnections - reservedConnections;
  const holders = `${plan.apis} API, ${plan.workers} workers and ${plan.schedulers} scheduler hold up to ${budget}`;
  if (isPooled)
    return ok(check, `go through a pooler, which must take as many: ${holders} (PgBouncer: max_client_conn)`);
  const words = `${holders} of ${usable} connections`;
  return budget <= usable
    ? ok(check, words)
    : fail(
        check,
        words,
        `Raise max_connections to at least ${budget + reservedConnections}, put a pooler in front, or lower LANGGRAPH_POSTGRES_POOL_MAX_SIZE.`,
      );
}

function pgvector({ pgvector }: PostgresFacts): Finding {
  const check = "pgvector";
  switch (pgvector) {
    case "installed":
      return ok(check, "installed");
    case "available":
      return ok(check, "can be had; the migration tries to install it");
    case "absent":
      return warn(
        check,
        "is not there: searching memory by meaning compares every vector",
        "Only if you search large stores by meaning: install pgvector on the server.",
      );
  }
}

function clock({ clockSkewMs, roundTripMs }: PostgresFacts): Finding {
  const off = Math.max(0, Math.abs(clockSkewMs) - roundTripMs / 2);
  const words = `differ by ${(Math.abs(clockSkewMs) / 1000).toFixed(1)} s`;
  return off <= SKEW_MS
    ? ok("clocks", `of this machine and the database ${words}`)
    : warn("clocks", `of this machine and the database ${words}`, "Let both keep time by NTP.");
}

function schema({ migrations: { applied, missing, unknown } }: PostgresFacts): Finding {
  const check = "schema";
  if (unknown.length > 0)
    return fail(check, `is newer than this version: it has ${unknown.join(", ")}`, "Start the version that made it.");
  if (missing.length === 0) return ok(check, `is up to date (${applied.at(-1) ?? "nothing to apply"})`);
  const words = applied.length === 0 ? "has not been made yet" : `lacks ${missing.join(", ")}`;
  return warn(check, words, "Run graphfleet migrate before you start this version.");
}
