export { WebhookLogEnv } from "./config.js";
export { type ExpiryOptions, expiryOf, type ProjectLifetimes } from "./expiry-options.js";
export { gaugeGrowth, type GrowthNumbers } from "./growth-gauges.js";
export { observeCrons } from "./crons/observe-crons.js";
export { type Scheduler, type SchedulerOptions, type SchedulerParts, startScheduler } from "./scheduler.js";
export type { Sweep } from "./sweeps/sweep.js";
export { SchedulerEnv } from "./config.js";
