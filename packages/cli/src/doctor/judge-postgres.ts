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
const API_POOL = 10;
const WORKER_POOL = 10;
const SCHEDULER_POOL = 3;
const MIGRATE_CONNECTIONS = 2;

/** What the facts mean for a fleet. */
export function judgePostgres(facts: PostgresFacts, plan: Plan): Finding[] {
  return [version(facts), writable(facts), connections(facts, plan), pgvector(facts), clock(facts), schema(facts)];
}

const version = ({ major, version }: PostgresFacts): Finding =>
  major >= OLDEST_MAJOR
    ? ok("postgres", `answers, version ${version}`)
    : fail("postgres", `is version ${version}`, `Use Postgres ${OLDEST_MAJOR} or newer.`);

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
    apis * (poolMax ?? API_POOL) +
    workers * ((poolMax ?? WORKER_POOL) + HEARTBEAT_CONNECTIONS) +
    schedulers * (poolMax ?? SCHEDULER_POOL) +
    MIGRATE_CONNECTIONS
  );
}

function connections({ maxConnections, reservedConnections }: PostgresFacts, plan: Plan): Finding {
  const check = "postgres connections";
  const budget = connectionBudget(plan);
  const usable = maxConnections - reservedConnections;
  const words = `${plan.apis} API, ${plan.workers} workers and ${plan.schedulers} scheduler hold up to ${budget} of ${usable} connections`;
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
