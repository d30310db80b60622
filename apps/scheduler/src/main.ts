import {
  armFailpoint,
  createLogger,
  encryptionSettings,
  hidePasswords,
  Lifecycle,
  loadEnv,
  Metrics,
  observeStrayRejections,
  redact,
  startOpsServer,
  patiently,
} from "@graphfleet/chassis";
import {
  allowAll,
  askHandlers,
  makeSignals,
  isOutage,
  randomIds,
  openEncryption,
  sealedAuthorizer,
  sealedStorage,
  sealedTape,
  messageOf,
} from "@graphfleet/domain";
import { openPostgres, type PostgresOptions, requireCurrentSchema } from "@graphfleet/postgres";
import { openRedis, RedisControlChannel, RedisRunQueue, RedisStreamBus } from "@graphfleet/redis";
import { loadAuth, loadEncryption } from "@graphfleet/runtime/auth";
import { loadProject, readProjectEnv, threadLifetime } from "@graphfleet/runtime/project";
import { observeCrons } from "./crons/observe-crons.js";
import { SchedulerEnv, schedulerConfig } from "./config.js";
import { expiryOf } from "./expiry-options.js";
import { FAILPOINTS, storageWithFailpoints } from "./failpoints.js";
import { gaugeGrowth } from "./growth-gauges.js";
import { startScheduler } from "./scheduler.js";

// The whole process, top to bottom. A scheduler reads what the project says of lifetimes and asks its auth handlers before it
// starts a cron's run, but loads no graphs.

/** A database that is just starting gets this long; then whoever supervises us may try something else. */
const POSTGRES_PATIENCE_MS = 120_000;

try {
  const env = loadEnv(SchedulerEnv, process.env);
  const config = schedulerConfig(env);
  const failpoint = armFailpoint(env, FAILPOINTS);
  const log = createLogger({ service: config.service, ...config.log });
  const life = new Lifecycle(log);
  log.debug(redact(config), "configuration");

  // Images may carry the project in variables. Without any, everything has its default lifetime: none.
  const isTold = config.projectPath !== undefined || process.env.LANGSERVE_GRAPHS !== undefined;
  const project = isTold ? await loadProject(config.projectPath, process.env) : null;
  if (project !== null) Object.assign(process.env, await readProjectEnv(project, process.env));
  const auth = project === null ? null : await loadAuth(project);
  const handlers = project === null ? null : await loadEncryption(project);
  const encryption = openEncryption(encryptionSettings(process.env), handlers);

  const onError = (error: Error): void => log.warn({ err: error }, "an idle database connection broke");
  const database: PostgresOptions = {
    ...config.database,
    threadTtl: project === null ? undefined : threadLifetime(project),
    applicationName: `graphfleet-${config.service}`,
    // Whatever fails is tried again in the next round.
    whenAway: "refuse",
    onError,
  };
  const patience = { name: "postgres", forMs: POSTGRES_PATIENCE_MS, mayHeal: isOutage, stopping: life.stopping, log };
  const ledger = await patiently(() => openPostgres(database), patience);
  life.use("postgres", ledger, (it) => it.close());
  await requireCurrentSchema(ledger.pool);

  const redis = life.use("redis", await openRedis({ ...config.redis, log }), (it) => it.close());
  const queue = life.use("queue", new RedisRunQueue(redis), (it) => it.close());
  const webhooks = life.use("webhook queue", new RedisRunQueue(redis, "webhooks"), (it) => it.close());
  const tapes = life.use("tape", new RedisStreamBus(redis), (it) => it.close());
  const bus = sealedTape(tapes, encryption);
  const metrics = new Metrics({ prefix: config.metricPrefix });
  const swept = metrics.counter("scheduler_swept_rows_total", "Rows that sweeps took care of", ["sweep"]);

  const ledgerStorage = failpoint === null ? ledger.storage : storageWithFailpoints(ledger.storage, failpoint);
  const storage = sealedStorage(ledgerStorage, encryption);
  const scheduler = startScheduler({
    storage,
    queue,
    bus,
    webhooks,
    signals: makeSignals({ queue, control: new RedisControlChannel(redis), bus, log }),
    log,
    ids: randomIds,
    authorizer: sealedAuthorizer(
      auth === null ? allowAll : askHandlers(auth.handlers, { timeoutMs: config.authTimeoutMs }),
      encryption,
    ),
    sendsWebhooks: project?.http.disable_webhooks !== true,
    observe: (sweep, rows) => swept.inc({ sweep }, rows),
    observeCron: observeCrons(metrics),
    options: {
      maxAttempts: config.maxAttempts,
      temporaryKeepSeconds: config.temporaryKeepSeconds,
      webhookKeepSeconds: config.webhookKeepSeconds,
      firingKeepSeconds: config.firingKeepSeconds,
      expiry: expiryOf(project),
    },
  });
  gaugeGrowth(metrics, storage);
  const ops = await startOpsServer({
    port: config.opsPort,
    metrics,
    stopping: life.stopping,
    services: { postgres: () => storage.ping(), redis: () => redis.ping() },
  });
  life.use("ops", ops, (it) => it.close());
  life.use("sweeps", scheduler, (it) => it.stop());

  log.info({}, "scheduler is ready");
  life.ready();
  // The project's auth handlers are asked here.
  await life.run({ deadlineMs: 15_000, onStrayRejection: observeStrayRejections(metrics, log) });
} catch (error) {
  process.stderr.write(`The scheduler cannot start: ${hidePasswords(messageOf(error))}\n`);
  process.exit(1);
}
