export { EmbeddedError } from "./embedded-error.js";
export { freePort } from "./free-port.js";
export { startPostgres, type PostgresOptions, type RunningPostgres } from "./postgres.js";
export { findRedis, type FindRedisOptions } from "./redis-program.js";
export { startRedis, type RedisOptions, type RunningRedis } from "./redis.js";
export type { Program } from "./launch.js";
