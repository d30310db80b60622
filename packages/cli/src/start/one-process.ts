import { randomUUID } from "node:crypto";
import {
  ApiEnv,
  corsOrigins,
  gaugeFleet,
  httpRules,
  openApiKeys,
  openAuth,
  openLoopback,
  startApi,
} from "@graphfleet/api";
import { createLogger, EncryptionEnv, encryptionSettings, loadEnv, Metrics, resolveHost } from "@graphfleet/chassis";
import {
  type Encryption,
  LEASE_SECONDS,
  makeSignals,
  makeWebhookGate,
  openEncryption,
  randomIds,
  sealedStorage,
} from "@graphfleet/domain";
import { MemoryControlChannel, MemoryRunQueue, MemoryStreamBus, MemoryWorkerRoll } from "@graphfleet/memory";
import { openPostgres } from "@graphfleet/postgres";
import {
  describeError,
  type GraphFailure,
  loadAuth,
  loadHttpApp,
  offerApi,
  offerLogger,
  openRuntime,
  type ProjectConfig,
  readProjectEnv,
  requireGraphs,
  threadLifetime,
} from "@graphfleet/runtime";
import { expiryOf, gaugeGrowth, observeCrons, startScheduler } from "@graphfleet/scheduler";
import {
  insistOnCheckpoints,
  makeSendWebhook,
  observeDeliveries,
  observeRuns,
  observeStrayRejections,
  openHeartbeatThread,
  startDeliverer,
  startWorker,
  type Worker,
} from "@graphfleet/worker";
import { Type } from "@sinclair/typebox";
import { Problem } from "../problem.js";
import { ownUrl } from "./own-url.js";
import type { StartOptions } from "./start-options.js";
import { webhookSettings } from "./webhook-settings.js";
import { VERSION } from "../version.js";

export interface OneProcessParts {
  readonly options: StartOptions;
  readonly databaseUri: string;
  readonly project: ProjectConfig;
  /** What all paths of the API begin with; "" or "/something". */
  readonly prefix: string;
  /** The environment, which the project's own variables are added to. */
  readonly env: Record<string, string | undefined>;
  /** Awaited when everything is loaded, before anybody is served and anything is written. */
  readonly beforeServing?: (loaded: LoadedGraphs) => Promise<void>;
  /** Seconds a run may take to finish when this is stopped; then it is given back and goes on at the next start. */
  readonly graceSeconds?: number;
}

export interface LoadedGraphs {
  readonly graphs: readonly string[];
  readonly failures: readonly GraphFailure[];
}

const KeysEnv = Type.Object(EncryptionEnv);
const SchemaEnv = Type.Pick(ApiEnv, ["LANGGRAPH_SCHEMA_RESOLVE_TIMEOUT_MS"]);

/** Seconds a run may take to finish after Ctrl-C; then it is given back and goes on at the next start. */
const GRACE_SECONDS = 5;
/** A webhook that is being sent may end in this time; else it is sent at the next start. */
const WEBHOOK_GRACE_MS = 3000;
const TAPE_KEEP_SECONDS = 120;
const MAX_ATTEMPTS = 3;
const FIRING_KEEP_SECONDS = 24 * 3600;

/**
 * Runs API, worker and scheduler in this process, with rings, tapes and hints in its memory. Postgres stays the ledger,
 * so runs survive a stop and a kill just the same.
 *
 * @returns how to stop it
 * @throws Problem when no graph can be loaded
 */
export async function startOneProcess({
  options,
  databaseUri,
  project,
  prefix,
  env,
  beforeServing,
  graceSeconds = GRACE_SECONDS,
}: OneProcessParts): Promise<() => Promise<void>> {
  const log = createLogger({ service: "graphfleet", level: env.LOG_LEVEL ?? "info", json: env.LOG_JSON === "true" });
  Object.assign(env, await readProjectEnv(project, env));
  const hooks = webhookSettings(project, env);
  const rules = httpRules({ settings: project.http, corsOrigins: corsOrigins(env.CORS_ALLOW_ORIGINS), prefix });
  const loopback = openLoopback(prefix);
  offerApi({ fetch: loopback.fetch, url: ownUrl(options, prefix) });
  offerLogger(log);

  const encryption = encryptionOf(env);

  const ledger = await openPostgres({
    uri: databaseUri,
    poolMax: 20,
    threadTtl: threadLifetime(project),
    applicationName: "graphfleet",
    whenAway: "refuse",
    onError: (error) => log.warn({ err: error }, "an idle database connection broke"),
  });
  const storage = sealedStorage(insistOnCheckpoints(ledger.storage, log), encryption);
  const { LANGGRAPH_SCHEMA_RESOLVE_TIMEOUT_MS: schemaTimeoutMs } = loadEnv(SchemaEnv, env);
  const runtime = await openRuntime({
    project,
    pool: ledger.pool,
    storage,
    cipher: encryption?.cipher,
    log,
    schemaTimeoutMs,
  });
  let projectAuth: Awaited<ReturnType<typeof loadAuth>>;
  let httpApp: Awaited<ReturnType<typeof loadHttpApp>>;
  try {
    requireGraphs(runtime);
    projectAuth = await loadAuth(project);
    httpApp = await loadHttpApp(project);
  } catch (error) {
    await ledger.close();
    throw new Problem((error as Error).message, { cause: error });
  }
  await beforeServing?.({ graphs: runtime.catalog.ids(), failures: runtime.failures });
  for (const failure of runtime.failures) log.error({ ...failure }, "a graph could not be loaded and is not served");
  await storage.assistants.syncSystem(runtime.systemAssistants(env.LANGGRAPH_CONFIG));

  try {
    await httpApp?.onStartup();
  } catch (error) {
    await ledger.close();
    throw new Problem((error as Error).message, { cause: error });
  }
  if (httpApp !== null)
    log.info({ app: httpApp.name, auth_first: rules.authFirst }, "the project's own http app is in front");
  const studio = env.GRAPHFLEET_STUDIO_AUTH === "true";
  const keys = openApiKeys({ text: env.GRAPHFLEET_API_KEYS ?? "", file: undefined, log });
  const auth = openAuth({ project: projectAuth, settings: project.auth, keys, studio, log });
  const queue = new MemoryRunQueue(log);
  const webhooks = new MemoryRunQueue(log);
  const bus = new MemoryStreamBus();
  const control = new MemoryControlChannel();
  const metrics = new Metrics();
  const roll = new MemoryWorkerRoll();
  const shared = { storage, bus, queue, webhooks, control, roll, log };

  const concurrency = options.workers * options.jobsPerWorker;
  const lease = { owner: `graphfleet:${randomUUID()}`, seconds: LEASE_SECONDS };
  let worker: Worker | null = null;
  worker = startWorker({
    ...shared,
    runner: runtime.runner,
    describeError,
    consume: (consumption) => queue.consume(consumption),
    hearsRings: () => true,
    openHeartbeat: openHeartbeatThread({
      database: { uri: databaseUri, applicationName: "graphfleet-beat" },
      lease,
      service: "graphfleet",
    }),
    // Nobody would start another one, so the user has to; every run goes on from where it was.
    replace: (error) => {
      log.error({ err: error }, "this process cannot go on; start it again");
      process.kill(process.pid, "SIGTERM");
    },
    observer: observeRuns(metrics, { max: concurrency, active: () => worker?.active() ?? 0 }),
    options: {
      concurrency,
      lease,
      maxAttempts: MAX_ATTEMPTS,
      timeoutSeconds: 86_400,
      tapeKeepSeconds: TAPE_KEEP_SECONDS,
    },
  });
  const deliverer = startDeliverer({
    deliveries: storage.deliveries,
    send: makeSendWebhook({
      rules: hooks.rules,
      headers: hooks.headers,
      signingKeys: hooks.signingKeys,
      ownUrl: hooks.ownUrl ?? ownUrl(options, prefix),
      timeoutMs: hooks.timeoutSeconds * 1000,
      resolve: resolveHost,
      now: () => new Date(),
    }),
    webhooks,
    consume: (consumption) => webhooks.consume(consumption),
    hearsRings: () => true,
    observer: observeDeliveries(metrics),
    log,
    options: hooks,
  });
  const swept = metrics.counter("scheduler_swept_rows_total", "Rows that sweeps took care of", ["sweep"]);
  const scheduler = startScheduler({
    ...shared,
    signals: makeSignals(shared),
    ids: randomIds,
    authorizer: auth.authorizer,
    sendsWebhooks: hooks.rules !== null,
    observe: (sweep, rows) => swept.inc({ sweep }, rows),
    observeCron: observeCrons(metrics),
    options: {
      maxAttempts: MAX_ATTEMPTS,
      temporaryKeepSeconds: TAPE_KEEP_SECONDS,
      webhookKeepSeconds: hooks.keepSeconds,
      firingKeepSeconds: FIRING_KEEP_SECONDS,
      expiry: expiryOf(project),
    },
  });
  gaugeGrowth(metrics, storage);
  gaugeFleet(metrics, {
    runs: storage.runs,
    deliveries: storage.deliveries,
    poolStats: () => ledger.poolStats(),
    tapesRead: () => bus.watching(),
  });
  const api = await startApi({
    ...shared,
    webhookGate: makeWebhookGate({ rules: hooks.rules, resolve: resolveHost }),
    catalog: runtime.catalog,
    states: runtime.states,
    memory: runtime.memory,
    describer: runtime.describer,
    ...auth,
    ids: randomIds,
    metrics,
    info: { version: VERSION, langgraphVersion: runtime.langgraphVersion, crons: true, langsmith: false },
    services: { postgres: () => storage.ping() },
    maxBodyBytes: 25 * 1024 * 1024,
    rules,
    custom: httpApp?.app ?? null,
    loopback,
    onDisconnect: "continue",
    port: options.port,
    host: options.host,
  });

  const onStrayRejection = observeStrayRejections(metrics, log);
  process.on("unhandledRejection", onStrayRejection);

  return async () => {
    process.off("unhandledRejection", onStrayRejection);
    await api.close();
    await worker?.drain(graceSeconds * 1000);
    await deliverer.drain(WEBHOOK_GRACE_MS);
    await scheduler.stop();
    await httpApp?.onShutdown();
    bus.close();
    queue.close();
    webhooks.close();
    await ledger.close();
  };
}

/** Nothing of the tape is kept here; the ledger is, as everywhere. @throws Problem when a key is none. */
function encryptionOf(env: OneProcessParts["env"]): Encryption | null {
  try {
    return openEncryption(encryptionSettings(loadEnv(KeysEnv, env)));
  } catch (error) {
    throw new Problem((error as Error).message, { cause: error });
  }
}
