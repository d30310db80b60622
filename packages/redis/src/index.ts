export { openRedis, type RedisLink, type RedisOptions } from "./connection.js";
export { RedisControlChannel } from "./control-channel.js";
export { inspectRedis, type RedisFacts } from "./inspect.js";
export { consumeRings, type ConsumeOptions } from "./ring-consumer.js";
export { RedisRunQueue } from "./run-queue.js";
export { RedisWorkerRoll } from "./worker-roll.js";
export { RedisStreamBus, type StreamBusOptions } from "./stream-bus.js";
