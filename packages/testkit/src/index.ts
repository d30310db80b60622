export { databaseUri, openLedger, type LedgerOptions, type TestLedger } from "./ledger.js";
export type { Make, RunFields } from "./ledger-factories.js";
export { manualClock, type ManualClock } from "./clock.js";
export { openPrivateRedis, type PrivateRedis } from "./private-redis.js";
export { describeRedis, redisPrefix, redisUri } from "./redis.js";
export { silentLog } from "./silent-log.js";
