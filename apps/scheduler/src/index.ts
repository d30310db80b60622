export { type Scheduler, type SchedulerOptions, type SchedulerParts, startScheduler } from "./scheduler.js";
export type { Sweep } from "./sweeps/sweep.js";
