import { readFileSync } from "node:fs";
import {
  armFailpoint,
  createLogger,
  encryptionSettings,
  hidePasswords,
  Lifecycle,
  loadEnv,
  Metrics,
  observeStrayRejections,
  observeTapes,
  redact,
  resolveHost,
  patiently,
  withoutEffect,
} from "@graphfleet/chassis";
import {
  contextFor,
  isOutage,
  makeWebhookGate,
  openEncryption,
  randomIds,
  sealedAuthorizer,
  sealedStorage,
  sealedTape,
  messageOf,
} from "@graphfleet/domain";
import { openPostgres, type PostgresOptions, requireCurrentSchema } from "@graphfleet/postgres";
import { openRedis, RedisControlChannel, RedisRunQueue, RedisStreamBus, RedisWorkerRoll } from "@graphfleet/redis";
import {
  loadAuth,
  loadEncryption,
  loadHttpApp,
  loadProject,
  mountPrefix,
  offerApi,
  offerLogger,
  openRuntime,
  readProjectEnv,
  requireGraphs,
  threadLifetime,
  webhookUrlRules,
} from "@graphfleet/runtime";
import { startApi } from "./api.js";
import { openApiKeys } from "./auth/api-keys.js";
import { openAuth } from "./auth/open-auth.js";
import { openLoopback } from "./custom/loopback.js";
import { httpRules } from "./http/http-rules.js";
import { ApiEnv, apiConfig } from "./config.js";
import { FAILPOINTS, queueWithFailpoints } from "./failpoints.js";
import { gaugeFleet } from "./fleet-gauges.js";

// The whole process, top to bottom. The API writes down what is asked and reads out what came of it; it executes nothing.

/** A database that is just starting gets this long; then whoever supervises us may try something else. */
const POSTGRES_PATIENCE_MS = 120_000;
/** What ordinary requests may take at the end, and closing everything else. */
const DRAIN_MS = 10_000;
const CLOSE_MS = 10_000;

try {
  const env = loadEnv(ApiEnv, process.env);
  const config = apiConfig(env);
  const failpoint = armFailpoint(env, FAILPOINTS);
  const log = createLogger({ service: config.service, ...config.log });
  const life = new Lifecycle(log);
  log.debug(redact(config), "configuration");
  const ignored = withoutEffect(process.env);
  if (ignored.length > 0)
    log.warn({ variables: ignored }, "some variables have no effect; docs/configuration.md says why");

  const project = await loadProject(config.projectPath, process.env);
  Object.assign(process.env, await readProjectEnv(project, process.env));
  const handlers = await loadEncryption(project);
  const encryption = openEncryption(encryptionSettings(process.env), handlers);
  const urlRules = webhookUrlRules(project, config.webhookNetworks);
  const prefix = mountPrefix(project, config.mountPrefix);
  const { corsOrigins, guardedPaths: guarded } = config;
  const rules = httpRules({ settings: project.http, corsOrigins, prefix, guarded });
  const loopback = openLoopback(prefix);
  offerApi({ fetch: loopback.fetch, url: `http://localhost:${config.port}${prefix}` });
  offerLogger(log);

  const onError = (error: Error): void => log.warn({ err: error }, "an idle database connection broke");
  const database: PostgresOptions = {
    ...config.database,
    threadTtl: threadLifetime(project),
    applicationName: `graphfleet-${config.service}`,
    whenAway: "refuse",
    onError,
  };
  const patience = { name: "postgres", forMs: POSTGRES_PATIENCE_MS, mayHeal: isOutage, stopping: life.stopping, log };
  const ledger = await patiently(() => openPostgres(database), patience);
  life.use("postgres", ledger, (it) => it.close());
  await requireCurrentSchema(ledger.pool);

  // Redis may be away: runs are accepted all the same, and sweeps ring for them when it is back.
  const redis = life.use("redis", await openRedis({ ...config.redis, log }), (it) => it.close());
  const queue = life.use("queue", new RedisRunQueue(redis), (it) => it.close());
  const webhooks = life.use("webhook queue", new RedisRunQueue(redis, "webhooks"), (it) => it.close());
  const metrics = new Metrics({ prefix: config.metricPrefix });
  const tapes = life.use("tape", new RedisStreamBus(redis, { ...config.tape, ...observeTapes(metrics) }), (it) =>
    it.close(),
  );
  const bus = sealedTape(tapes, encryption);
  const control = new RedisControlChannel(redis);

  const storage = sealedStorage(ledger.storage, encryption);
  const runtime = await openRuntime({
    project,
    pool: ledger.pool,
    storage,
    cipher: encryption?.cipher,
    log,
    schemaTimeoutMs: config.schemaTimeoutMs,
  });
  requireGraphs(runtime);
  for (const failure of runtime.failures) log.error({ ...failure }, "a graph could not be loaded and is not served");
  await storage.assistants.syncSystem(runtime.systemAssistants(config.systemAssistants));

  const httpApp = await loadHttpApp(project);
  if (httpApp !== null) {
    log.info({ app: httpApp.name, auth_first: rules.authFirst }, "the project's own http app is in front");
    await httpApp.onStartup();
    life.use("http app", httpApp, (it) => it.onShutdown());
  }
  const projectAuth = await loadAuth(project);
  const keys = openApiKeys({ ...config.apiKeys, log });
  if (keys !== null) life.use("api keys", keys, (it) => it.stop());
  const { authType: type, studioAuth: studio, authTimeoutMs: timeoutMs } = config;
  const auth = openAuth({ project: projectAuth, settings: project.auth, keys, studio, type, timeoutMs, log });

  gaugeFleet(metrics, {
    runs: storage.runs,
    deliveries: storage.deliveries,
    poolStats: () => ledger.poolStats(),
    tapesRead: () => tapes.watching(),
  });

  const api = await startApi({
    storage,
    bus,
    queue: failpoint === null ? queue : queueWithFailpoints(queue, failpoint),
    webhooks,
    webhookGate: makeWebhookGate({ rules: urlRules, resolve: resolveHost }),
    control,
    roll: new RedisWorkerRoll(redis),
    catalog: runtime.catalog,
    states: runtime.states,
    memory: runtime.memory,
    describer: runtime.describer,
    ...auth,
    authorizer: sealedAuthorizer(auth.authorizer, encryption),
    contextFor: contextFor(handlers),
    ids: randomIds,
    log,
    metrics,
    info: { version: version(), langgraphVersion: runtime.langgraphVersion, crons: true, langsmith: config.langsmith },
    services: { postgres: () => storage.ping(), redis: () => redis.ping() },
    maxBodyBytes: config.maxBodyBytes,
    maxStreams: config.maxStreams,
    rules,
    custom: httpApp?.app ?? null,
    loopback,
    onDisconnect: config.onDisconnect,
    shutdown: { ...config.shutdown, drainMs: DRAIN_MS },
    port: config.port,
    host: config.host,
  });
  life.use("http", api, (it) => it.close());

  log.info({ port: api.port, graphs: runtime.catalog.ids() }, "api is ready");
  life.ready();
  const { delayMs, graceMs } = config.shutdown;
  await life.run({
    deadlineMs: delayMs + graceMs + DRAIN_MS + CLOSE_MS,
    onStrayRejection: observeStrayRejections(metrics, log),
  });
} catch (error) {
  process.stderr.write(`The API cannot start: ${hidePasswords(messageOf(error))}\n`);
  process.exit(1);
}

function version(): string {
  const file = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(file) as { readonly version: string }).version;
}
