import { randomUUID } from "node:crypto";
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
  startOpsServer,
  patiently,
} from "@graphfleet/chassis";
import { isOutage, openEncryption, sealedStorage, sealedTape, messageOf } from "@graphfleet/domain";
import { openPostgres, type PostgresOptions, requireCurrentSchema } from "@graphfleet/postgres";
import {
  consumeRings,
  openRedis,
  RedisControlChannel,
  RedisRunQueue,
  RedisStreamBus,
  RedisWorkerRoll,
} from "@graphfleet/redis";
import {
  describeError,
  loadEncryption,
  loadHttpApp,
  loadProject,
  offerApi,
  offerLogger,
  openRuntime,
  readProjectEnv,
  remoteApi,
  requireGraphs,
  webhookHeaders,
  webhookUrlRules,
} from "@graphfleet/runtime";
import { WorkerEnv, workerConfig } from "./config.js";
import { FAILPOINTS, partsWithFailpoints, storageWithFailpoints } from "./failpoints.js";
import { openHeartbeatThread } from "./heartbeat/open-heartbeat-thread.js";
import { insistOnCheckpoints } from "./runs/insist-on-checkpoints.js";
import { blame, refuseExits } from "./runs/blame.js";
import { startDeliverer } from "./webhooks/deliverer.js";
import { makeSendWebhook } from "./webhooks/send-webhook.js";
import { observeDeliveries } from "./webhooks/webhook-metrics.js";
import { observeRuns } from "./worker-metrics.js";
import { startWorker, type Worker } from "./worker.js";

// The whole process, top to bottom. A worker executes runs; how many there are is nobody's business but the operator's.

/** A database that is just starting gets this long; then whoever supervises us may try something else. */
const POSTGRES_PATIENCE_MS = 120_000;
/** A webhook that is being sent may end in this time; then it is given back, and sent again by another worker. */
const WEBHOOK_GRACE_MS = 3000;

try {
  const env = loadEnv(WorkerEnv, process.env);
  const config = workerConfig(env);
  const failpoint = armFailpoint(env, FAILPOINTS);
  const log = createLogger({ service: config.service, ...config.log });
  const life = new Lifecycle(log);
  log.debug(redact(config), "configuration");

  const project = await loadProject(config.projectPath, process.env);
  Object.assign(process.env, await readProjectEnv(project, process.env));
  const encryption = openEncryption(encryptionSettings(process.env), await loadEncryption(project));
  const urlRules = webhookUrlRules(project, config.webhooks.allowedNetworks);
  const headers = webhookHeaders(project, process.env);
  // Clients are often made while the project's modules are loaded.
  offerApi(remoteApi(config.webhooks.ownUrl));
  offerLogger(log);

  const onError = (error: Error): void => log.warn({ err: error }, "an idle database connection broke");
  const database: PostgresOptions = {
    ...config.database,
    applicationName: `graphfleet-${config.service}`,
    whenAway: "wait",
    onError,
  };
  const patience = { name: "postgres", forMs: POSTGRES_PATIENCE_MS, mayHeal: isOutage, stopping: life.stopping, log };
  const ledger = await patiently(() => openPostgres(database), patience);
  life.use("postgres", ledger, (it) => it.close());
  await requireCurrentSchema(ledger.pool);

  const redis = life.use("redis", await openRedis({ ...config.redis, log }), (it) => it.close());
  const queue = life.use("queue", new RedisRunQueue(redis), (it) => it.close());
  const webhooks = life.use("webhook queue", new RedisRunQueue(redis, "webhooks"), (it) => it.close());
  const metrics = new Metrics({ prefix: config.metricPrefix });
  const tapes = life.use("tape", new RedisStreamBus(redis, { ...config.tape, ...observeTapes(metrics) }), (it) =>
    it.close(),
  );
  const bus = sealedTape(tapes, encryption);
  const control = new RedisControlChannel(redis);

  const insistent = insistOnCheckpoints(ledger.storage, log);
  const ledgerStorage = failpoint === null ? insistent : storageWithFailpoints(insistent, failpoint);
  const storage = sealedStorage(ledgerStorage, encryption);
  const runtime = await openRuntime({ project, pool: ledger.pool, storage, cipher: encryption?.cipher, log });
  requireGraphs(runtime);
  for (const failure of runtime.failures) log.error({ ...failure }, "a graph could not be loaded; its runs fail here");

  const httpApp = await loadHttpApp(project);
  if (httpApp !== null) {
    await httpApp.onStartup();
    life.use("http app", httpApp, (it) => it.onShutdown());
  }

  let worker: Worker | null = null;
  const lease = { owner: `${config.service}:${randomUUID()}`, seconds: config.leaseSeconds };
  const slots = { max: config.concurrency, active: () => worker?.active() ?? 0 };
  const written = { bus, queue, webhooks, runner: runtime.runner };
  worker = startWorker({
    storage,
    control,
    roll: new RedisWorkerRoll(redis),
    ...(failpoint === null ? written : partsWithFailpoints(written, failpoint)),
    describeError,
    consume: (options) => consumeRings(redis, options),
    hearsRings: () => redis.ready,
    openHeartbeat: openHeartbeatThread({
      database: { uri: config.database.uri, applicationName: `graphfleet-${config.service}-beat` },
      redis: config.redis,
      lease,
      service: config.service,
    }),
    replace: (error) => life.fail(error),
    observer: observeRuns(metrics, slots),
    log,
    options: {
      concurrency: config.concurrency,
      lease,
      maxAttempts: config.maxAttempts,
      timeoutSeconds: config.timeoutSeconds,
      tapeKeepSeconds: config.tapeKeepSeconds,
    },
  });
  const deliverer = startDeliverer({
    deliveries: storage.deliveries,
    send: makeSendWebhook({
      rules: urlRules,
      headers,
      signingKeys: config.webhooks.signingKeys,
      ownUrl: config.webhooks.ownUrl,
      timeoutMs: config.webhooks.timeoutSeconds * 1000,
      resolve: resolveHost,
      now: () => new Date(),
    }),
    webhooks,
    consume: (options) => consumeRings(redis, { ...options, bell: "webhooks" }),
    hearsRings: () => redis.ready,
    observer: observeDeliveries(metrics),
    log,
    options: config.webhooks,
  });
  const ops = await startOpsServer({
    port: config.opsPort,
    metrics,
    stopping: life.stopping,
    services: { postgres: () => storage.ping(), redis: () => redis.ping() },
  });
  life.use("ops", ops, (it) => it.close());
  // Closed after the runs, whose ends are still to be told.
  life.use("webhooks", deliverer, (it) => it.drain(WEBHOOK_GRACE_MS));
  life.use("runs", worker, (it) => it.drain(config.graceSeconds * 1000));

  log.info({ slots: config.concurrency, graphs: runtime.catalog.ids() }, "worker is ready");
  refuseExits(process);
  life.ready();
  await life.run({
    deadlineMs: (config.graceSeconds + 20) * 1000,
    onStrayRejection: observeStrayRejections(metrics, log),
    onUncaught: blame,
  });
} catch (error) {
  process.stderr.write(`The worker cannot start: ${hidePasswords(messageOf(error))}\n`);
  process.exit(1);
}
