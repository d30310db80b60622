import type { Lease } from "@graphfleet/domain";
import type { RedisOptions } from "@graphfleet/redis";

/** What the heartbeat's thread is started with. */
export interface HeartbeatThreadData {
  readonly database: { readonly uri: string; readonly applicationName: string };
  /** Where the fleet is told of what the thread wrote; null when whoever listens is in this process. */
  readonly redis: Omit<RedisOptions, "log"> | null;
  readonly lease: Lease;
  /** Name of the process, for its last words. */
  readonly service: string;
}

/** The last message to the thread. */
export const CLOSE = "close";
