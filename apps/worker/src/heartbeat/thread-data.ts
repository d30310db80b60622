import type { Lease } from "@graphfleet/domain";

/** What the heartbeat's thread is started with. */
export interface HeartbeatThreadData {
  readonly database: { readonly uri: string; readonly applicationName: string };
  readonly lease: Lease;
  /** Name of the process, for its last words. */
  readonly service: string;
}

/** The last message to the thread. */
export const CLOSE = "close";
