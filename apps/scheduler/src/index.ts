export { type ExpiryOptions, expiryOf, type ProjectLifetimes } from "./expiry-options.js";
export { gaugeGrowth, type GrowthNumbers } from "./growth-gauges.js";
export { observeCrons } from "./crons/observe-crons.js";
export { type Scheduler, type SchedulerOptions, type SchedulerParts, startScheduler } from "./scheduler.js";
export type { Sweep } from "./sweeps/sweep.js";
export { SchedulerEnv, schedulerConfig } from "./config.js";
