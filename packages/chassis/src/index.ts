export { ConfigError, type Env, hidePasswords, loadEnv, redact } from "./config.js";
export { type Every, type EveryOptions, every } from "./every.js";
export { armFailpoint, type Failpoint, FailpointEnv, type Points, withPoints } from "./failpoint.js";
export { type HostProcess, Lifecycle, type LifecycleLog, type LifecycleOptions } from "./lifecycle.js";
export { createLogger, LogEnv, type Logger, type LoggerOptions, logOptions } from "./logger.js";
export { type Counter, type Gauge, type Histogram, Metrics, MetricsEnv, type MetricsOptions } from "./metrics.js";
export { type OpsOptions, type OpsServer, startOpsServer } from "./ops-server.js";
export { type PatienceOptions, patiently } from "./patiently.js";
export { redisOptions, StoresEnv } from "./stores-env.js";
