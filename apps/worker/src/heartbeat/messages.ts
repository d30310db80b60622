import type { CancelAction, Claim } from "@graphfleet/domain";

/** What the workshop tells the heartbeat. */
export type ToHeartbeat =
  /** Renew this claim from now on. Its attempt may take `timeoutMs`. */
  | { readonly kind: "hold"; readonly claim: Claim; readonly lastEvent: number; readonly timeoutMs: number }
  | { readonly kind: "release"; readonly claim: Claim }
  /** The event loop turns, and this is how far the runs are. */
  | { readonly kind: "alive"; readonly events: readonly (Claim & { readonly lastEvent: number })[] }
  /** A row may have changed: renew now. */
  | { readonly kind: "look" };

/** What the heartbeat tells the workshop. */
export type FromHeartbeat =
  /** Somebody else may execute the run by now. */
  | { readonly kind: "lost"; readonly claim: Claim }
  | { readonly kind: "cancelled"; readonly claim: Claim; readonly action: CancelAction }
  /** Leases could not be renewed this time. */
  | { readonly kind: "trouble"; readonly held: number; readonly reason: string };

export interface HeartbeatPort {
  tell(message: ToHeartbeat): void;
  close(): Promise<void>;
}

/** Starts a heartbeat. `died` is called when nobody renews any more although nobody closed it. */
export type OpenHeartbeat = (events: {
  readonly hear: (message: FromHeartbeat) => void;
  readonly died: (error: Error) => void;
}) => HeartbeatPort;
