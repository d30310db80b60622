export type { Departure, RunObserver } from "./runs/run-observer.js";
export { startWorker, type Worker, type WorkerOptions, type WorkerParts } from "./worker.js";
export { observeRuns } from "./worker-metrics.js";
