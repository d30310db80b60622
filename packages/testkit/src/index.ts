// For tests that need a server of their own, whose settings they may change.
export { freePort, type RunningPostgres, startPostgres } from "@graphfleet/embedded";
export { type Balancer, openBalancer } from "./balancer.js";
export { databaseUri, openLedger, type LedgerOptions, type TestLedger } from "./ledger.js";
export { type FaultProxy, openFaultProxy } from "./fault-proxy.js";
export { type Make, RUN_TEMPLATE, type RunFields } from "./ledger-factories.js";
export { manualClock, type ManualClock } from "./clock.js";
export { openPrivateRedis, type PrivateRedis } from "./private-redis.js";
export { type ReplicatedCluster, RedisServers } from "./redis-servers.js";
export { describeRedis, redisPrefix, redisUri } from "./redis.js";
export { silentLog } from "./silent-log.js";
export { controlChannelSuite, type ControlChannelFixture, listenFor, newHint } from "./suites/control-channel.suite.js";
export { Hearing, newRing, ringUntilTaken, runQueueSuite, type RunQueueFixture } from "./suites/run-queue.suite.js";
export type { StreamBusFixture, StreamBusSetup } from "./suites/stream-bus-fixture.js";
export { streamBusSuite } from "./suites/stream-bus.suite.js";
export { appendMany, events, firstAttempt, follow, nextAttempt, range, replayed, toEnd } from "./suites/tape-talk.js";
