export { MemoryControlChannel } from "./control-channel.js";
export { type ConsumeOptions, MemoryRunQueue } from "./run-queue.js";
export { MemoryStreamBus, type StreamBusOptions } from "./stream-bus.js";
export { MemoryWorkerRoll } from "./worker-roll.js";
