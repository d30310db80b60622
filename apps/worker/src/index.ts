export type { FromHeartbeat, HeartbeatPort, OpenHeartbeat, ToHeartbeat } from "./heartbeat/messages.js";
export { openHeartbeatThread } from "./heartbeat/open-heartbeat-thread.js";
export type { Departure, RefusedWrite, RunObserver } from "./runs/run-observer.js";
export { startWorker, type Worker, type WorkerOptions, type WorkerParts } from "./worker.js";
export { observeRuns } from "./worker-metrics.js";
export { type Deliverer, type DelivererParts, startDeliverer } from "./webhooks/deliverer.js";
export { makeSendWebhook, type SendWebhook } from "./webhooks/send-webhook.js";
export { observeDeliveries } from "./webhooks/webhook-metrics.js";
export { WorkerEnv } from "./config.js";
