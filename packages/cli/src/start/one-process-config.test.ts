import { ApiEnv, apiConfig } from "@graphfleet/api";
import { EncryptionEnv } from "@graphfleet/chassis";
import { SchedulerEnv, schedulerConfig } from "@graphfleet/scheduler";
import { WorkerEnv, workerConfig } from "@graphfleet/worker";
import { Problem } from "../problem.js";
import { FROM_ELSEWHERE, oneProcessConfig } from "./one-process-config.js";
import type { StartOptions } from "./start-options.js";

const options: StartOptions = {
  configPath: "/p/langgraph.json",
  host: "127.0.0.1",
  port: 8123,
  workers: 3,
  jobsPerWorker: 4,
  dataDir: "/data",
  cacheDir: "/cache",
  databaseUri: null,
  redisUri: null,
  oneProcess: true,
};
const DATABASE = "postgresql://u:p@db/graphs";
const configOf = (env: Record<string, string>) => oneProcessConfig(env, options, DATABASE);

/** Variables that no configuration holds, and why. */
const READ_BY_MAIN = {
  NODE_ENV: "failpoints are for tests of single processes",
  GRAPHFLEET_ALLOW_FAILPOINTS: "failpoints are for tests of single processes",
  GRAPHFLEET_FAILPOINT: "failpoints are for tests of single processes",
  // Read when the project's own variables are in place.
  ...EncryptionEnv,
};

/** Which variables make a configuration. */
function readBy(toConfig: (values: never) => unknown): ReadonlySet<string> {
  const read = new Set<string>();
  const values: Record<string, unknown> = {
    GRAPHFLEET_GUARDED_PATHS: "",
    CORS_ALLOW_ORIGINS: "",
    WEBHOOK_SIGNING_KEYS: "",
  };
  const watched = new Proxy(values, {
    get: (target, name) => {
      read.add(String(name));
      return target[String(name)];
    },
  });
  toConfig(watched as never);
  return read;
}

test.each([
  ["the API", ApiEnv, apiConfig],
  ["a worker", WorkerEnv, workerConfig],
  ["a scheduler", SchedulerEnv, schedulerConfig],
] as const)("every variable of %s is in its configuration, or is left out for a reason", (_name, schema, toConfig) => {
  const wanted = Object.keys(schema.properties).filter((name) => !Object.hasOwn(READ_BY_MAIN, name));
  expect([...readBy(toConfig)]).toEqual(expect.arrayContaining(wanted));
});

test("the defaults are those of a process that stands for all, and that somebody waits for when it stops", () => {
  const { api, worker } = configOf({});
  expect(api).toMatchObject({
    service: "graphfleet",
    database: { uri: DATABASE, poolMax: 20 },
    shutdown: { graceMs: 0 },
  });
  expect(worker).toMatchObject({ concurrency: 12, graceSeconds: 5, leaseSeconds: 8 });
});

test("variables mean what they mean to each process", () => {
  const { api, worker, scheduler } = configOf({
    LANGGRAPH_POSTGRES_POOL_MAX_SIZE: "7",
    HTTP_MAX_REQUEST_BODY_BYTES: "1000",
    GRAPHFLEET_ON_DISCONNECT: "cancel",
    BG_JOB_TIMEOUT_SECS: "60",
    BG_JOB_SHUTDOWN_GRACE_PERIOD_SECS: "9",
    CRON_LOG_KEEP_DAYS: "2",
    LANGSMITH_API_KEY: "k",
    WEBHOOK_SIGNING_KEYS: "new, old",
  });
  expect(api).toMatchObject({ database: { poolMax: 7 }, maxBodyBytes: 1000, onDisconnect: "cancel", langsmith: true });
  expect(worker).toMatchObject({ timeoutSeconds: 60, graceSeconds: 9, webhooks: { signingKeys: ["new", "old"] } });
  expect(scheduler.firingKeepSeconds).toBe(2 * 86_400);
});

test("what it has from elsewhere is not read, so it cannot be wrong", () => {
  const wrong = Object.fromEntries(Object.keys(FROM_ELSEWHERE).map((name) => [name, "nonsense"]));
  expect(configOf(wrong)).toEqual(configOf({}));
});

test("what cannot be used is named", () => {
  const env = { BG_JOB_TIMEOUT_SECS: "soon", GRAPHFLEET_GUARDED_PATHS: "/threads" };
  expect(() => configOf(env)).toThrow(Problem);
  expect(() => configOf(env)).toThrow(/BG_JOB_TIMEOUT_SECS must be a whole number/);
  expect(() => configOf(env)).toThrow(/GRAPHFLEET_GUARDED_PATHS must be some of/);
});
