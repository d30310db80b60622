import { randomUUID } from "node:crypto";
import { gaugeFleet, httpRules, openApiKeys, openAuth, openLoopback, startApi } from "@graphfleet/api";
import {
  createLogger,
  encryptionSettings,
  Metrics,
  observeStrayRejections,
  observeTapes,
  resolveHost,
  withoutEffect,
} from "@graphfleet/chassis";
import {
  contextFor,
  makeSignals,
  makeWebhookGate,
  openEncryption,
  randomIds,
  sealedAuthorizer,
  sealedStorage,
} from "@graphfleet/domain";
import { MemoryControlChannel, MemoryRunQueue, MemoryStreamBus, MemoryWorkerRoll } from "@graphfleet/memory";
import { openPostgres } from "@graphfleet/postgres";
import {
  describeError,
  type GraphFailure,
  loadAuth,
  loadEncryption,
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
  openHeartbeatThread,
  startDeliverer,
  startWorker,
  type Worker,
} from "@graphfleet/worker";
import { Problem } from "../problem.js";
import { oneProcessConfig } from "./one-process-config.js";
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
  /** Seconds a run may take to finish when this is stopped, whatever the environment says. */
  readonly graceSeconds?: number;
  /** How the environment is read; a test watches what becomes of it. */
  readonly readConfig?: typeof oneProcessConfig;
}

export interface LoadedGraphs {
  readonly graphs: readonly string[];
  readonly failures: readonly GraphFailure[];
}

/** A webhook that is being sent may end in this time; else it is sent at the next start. */
const WEBHOOK_GRACE_MS = 3000;
/** What requests that do not wait for a run may take at the end. */
const DRAIN_MS = 10_000;

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
  graceSeconds,
  readConfig = oneProcessConfig,
}: OneProcessParts): Promise<() => Promise<void>> {
  Object.assign(env, await readProjectEnv(project, env));
  const config = readConfig(env, options, databaseUri);
  const { service, shutdown, database } = config.api;
  const log = createLogger({ service, ...config.api.log });
  const ignored = withoutEffect(env);
  if (ignored.length > 0)
    log.warn({ variables: ignored }, "some variables have no effect; docs/configuration.md says why");
  const hooks = webhookSettings(project, config, env);
  const { corsOrigins, guardedPaths: guarded } = config.api;
  const rules = httpRules({ settings: project.http, corsOrigins, prefix, guarded });
  const loopback = openLoopback(prefix);
  offerApi({ fetch: loopback.fetch, url: ownUrl(options, prefix) });
  offerLogger(log);

  const ledger = await openPostgres({
    ...database,
    threadTtl: threadLifetime(project),
    applicationName: service,
    whenAway: "refuse",
    onError: (error) => log.warn({ err: error }, "an idle database connection broke"),
  });
  const { handlers, encryption } = await encryptionOf(project, env).catch(async (error: unknown) => {
    await ledger.close();
    throw error;
  });
  const storage = sealedStorage(insistOnCheckpoints(ledger.storage, log), encryption);
  const runtime = await openRuntime({
    project,
    pool: ledger.pool,
    storage,
    cipher: encryption?.cipher,
    log,
    schemaTimeoutMs: config.api.schemaTimeoutMs,
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
  await storage.assistants.syncSystem(runtime.systemAssistants(config.api.systemAssistants));

  try {
    await httpApp?.onStartup();
  } catch (error) {
    await ledger.close();
    throw new Problem((error as Error).message, { cause: error });
  }
  if (httpApp !== null)
    log.info({ app: httpApp.name, auth_first: rules.authFirst }, "the project's own http app is in front");
  const keys = openApiKeys({ ...config.api.apiKeys, log });
  const { authType: type, studioAuth: studio, authTimeoutMs: timeoutMs } = config.api;
  const auth = openAuth({ project: projectAuth, settings: project.auth, keys, studio, type, timeoutMs, log });
  const authorizer = sealedAuthorizer(auth.authorizer, encryption);
  const queue = new MemoryRunQueue(log);
  const webhooks = new MemoryRunQueue(log);
  const metrics = new Metrics({ prefix: config.api.metricPrefix });
  const bus = new MemoryStreamBus({ ...config.worker.tape, ...observeTapes(metrics) });
  const control = new MemoryControlChannel();
  const roll = new MemoryWorkerRoll();
  const shared = { storage, bus, queue, webhooks, control, roll, log };

  const { concurrency, leaseSeconds, maxAttempts, timeoutSeconds, tapeKeepSeconds } = config.worker;
  const lease = { owner: `${service}:${randomUUID()}`, seconds: leaseSeconds };
  let worker: Worker | null = null;
  worker = startWorker({
    ...shared,
    runner: runtime.runner,
    describeError,
    consume: (consumption) => queue.consume(consumption),
    hearsRings: () => true,
    openHeartbeat: openHeartbeatThread({
      database: { uri: database.uri, applicationName: `${service}-beat` },
      redis: null,
      lease,
      service,
    }),
    // Nobody would start another one, so the user has to; every run goes on from where it was.
    replace: (error) => {
      log.error({ err: error }, "this process cannot go on; start it again");
      process.kill(process.pid, "SIGTERM");
    },
    observer: observeRuns(metrics, { max: concurrency, active: () => worker?.active() ?? 0 }),
    options: { concurrency, lease, maxAttempts, timeoutSeconds, tapeKeepSeconds },
  });
  const deliverer = startDeliverer({
    deliveries: storage.deliveries,
    send: makeSendWebhook({
      rules: hooks.rules,
      headers: hooks.headers,
      signingKeys: config.worker.webhooks.signingKeys,
      ownUrl: config.worker.webhooks.ownUrl ?? ownUrl(options, prefix),
      timeoutMs: config.worker.webhooks.timeoutSeconds * 1000,
      resolve: resolveHost,
      now: () => new Date(),
    }),
    webhooks,
    consume: (consumption) => webhooks.consume(consumption),
    hearsRings: () => true,
    observer: observeDeliveries(metrics),
    log,
    options: config.worker.webhooks,
  });
  const swept = metrics.counter("scheduler_swept_rows_total", "Rows that sweeps took care of", ["sweep"]);
  const scheduler = startScheduler({
    ...shared,
    signals: makeSignals(shared),
    ids: randomIds,
    authorizer,
    sendsWebhooks: hooks.rules !== null,
    observe: (sweep, rows) => swept.inc({ sweep }, rows),
    observeCron: observeCrons(metrics),
    options: {
      maxAttempts: config.scheduler.maxAttempts,
      temporaryKeepSeconds: config.scheduler.temporaryKeepSeconds,
      webhookKeepSeconds: config.scheduler.webhookKeepSeconds,
      firingKeepSeconds: config.scheduler.firingKeepSeconds,
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
    authorizer,
    contextFor: contextFor(handlers),
    ids: randomIds,
    metrics,
    info: {
      version: VERSION,
      langgraphVersion: runtime.langgraphVersion,
      crons: true,
      langsmith: config.api.langsmith,
    },
    services: { postgres: () => storage.ping() },
    maxBodyBytes: config.api.maxBodyBytes,
    maxStreams: config.api.maxStreams,
    rules,
    custom: httpApp?.app ?? null,
    loopback,
    onDisconnect: config.api.onDisconnect,
    shutdown: { ...shutdown, drainMs: DRAIN_MS },
    port: options.port,
    host: options.host,
  });

  const onStrayRejection = observeStrayRejections(metrics, log);
  process.on("unhandledRejection", onStrayRejection);

  return async () => {
    process.off("unhandledRejection", onStrayRejection);
    await api.close();
    await worker?.drain((graceSeconds ?? config.worker.graceSeconds) * 1000);
    await deliverer.drain(WEBHOOK_GRACE_MS);
    await scheduler.stop();
    await httpApp?.onShutdown();
    await keys?.stop();
    bus.close();
    queue.close();
    webhooks.close();
    await ledger.close();
  };
}

/** Nothing of the tape is kept here; the ledger is, as everywhere. @throws Problem when a key is none, or a handler. */
async function encryptionOf(project: ProjectConfig, env: OneProcessParts["env"]) {
  try {
    const handlers = await loadEncryption(project);
    return { handlers, encryption: openEncryption(encryptionSettings(env), handlers) };
  } catch (error) {
    throw new Problem((error as Error).message, { cause: error });
  }
}
