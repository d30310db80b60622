import {
  type CancelAction,
  type Claim,
  type ClaimedRun,
  claimOf,
  type Log,
  type RunId,
  type StopReason,
} from "@graphfleet/domain";
import type { FromHeartbeat, HeartbeatPort, OpenHeartbeat } from "../heartbeat/messages.js";

/**
 * Knows the runs that this process executes, and tells each when to stop.
 *
 * Their leases are renewed, and judged, by the heartbeat in its own thread (`heartbeat.ts`). What it says becomes the
 * abort of a graph here; so does the end of the time that an attempt may take, and the stop of the process.
 */
export interface LeaseKeeperOptions {
  readonly openHeartbeat: OpenHeartbeat;
  readonly log: Log;
  /** Wall clock limit of one attempt in seconds. */
  readonly timeoutSeconds: number;
  /** Leases are not renewed any more. The runs have been told to stop. */
  readonly died: (error: Error) => void;
}

/** A run in our hands. `signal` aborts with a StopReason. */
export interface HeldRun {
  readonly run: ClaimedRun;
  readonly signal: AbortSignal;
  /** Highest event number so far; goes on record with each renewal. */
  report(lastEvent: () => number): void;
  release(): void;
}

interface Held {
  readonly claim: Claim;
  readonly abort: AbortController;
  readonly deadline: NodeJS.Timeout;
  lastEvent: () => number;
}

/** A timer that is asked to wait longer than this fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #heartbeat: HeartbeatPort;
  readonly #held = new Map<RunId, Held>();
  #stopping = false;

  constructor(options: LeaseKeeperOptions) {
    this.#options = options;
    this.#heartbeat = options.openHeartbeat({
      hear: (message) => this.#hear(message),
      died: (error) => {
        // The leases are still good for a while: long enough to give the runs back.
        this.stopAll();
        options.died(error);
      },
    });
  }

  get size(): number {
    return this.#held.size;
  }

  /** Takes a freshly claimed run under its wing. */
  hold(run: ClaimedRun): HeldRun {
    const claim = claimOf(run);
    const abort = new AbortController();
    const timeoutMs = Math.min(this.#options.timeoutSeconds * 1000, LONGEST_TIMER_MS);
    const held: Held = {
      claim,
      abort,
      deadline: setTimeout(() => stop(abort, "timed_out"), timeoutMs),
      lastEvent: () => run.lastEvent,
    };
    // The run came back to us because our own earlier claim of it ran out.
    const earlier = this.#held.get(run.id);
    if (earlier !== undefined) {
      stop(earlier.abort, "lease_lost");
      this.#heartbeat.tell({ kind: "release", claim: earlier.claim });
    }
    this.#held.set(run.id, held);
    this.#heartbeat.tell({ kind: "hold", claim, lastEvent: run.lastEvent, timeoutMs });
    if (run.cancelAction !== null) stop(abort, reasonOf(run.cancelAction));
    if (this.#stopping) stop(abort, "shutting_down");

    return {
      run,
      signal: abort.signal,
      report: (lastEvent) => {
        held.lastEvent = lastEvent;
      },
      release: () => {
        clearTimeout(held.deadline);
        this.#heartbeat.tell({ kind: "release", claim });
        if (this.#held.get(run.id) === held) this.#held.delete(run.id);
      },
    };
  }

  /** Tells the heartbeat that the event loop turns, and how far the runs are. */
  reportAlive(): void {
    const events = [...this.#held.values()].map(({ claim, lastEvent }) => ({ ...claim, lastEvent: lastEvent() }));
    this.#heartbeat.tell({ kind: "alive", events });
  }

  /** Somebody says that this run was cancelled. The row knows better, so it is looked at now. */
  look(runId: RunId): void {
    if (this.#held.has(runId)) this.#heartbeat.tell({ kind: "look" });
  }

  /** Puts every run down, and every one that is still to come. */
  stopAll(): void {
    this.#stopping = true;
    for (const { abort } of this.#held.values()) stop(abort, "shutting_down");
  }

  close(): Promise<void> {
    return this.#heartbeat.close();
  }

  #hear(message: FromHeartbeat): void {
    switch (message.kind) {
      case "lost":
        return this.#stop(message.claim, "lease_lost");
      case "cancelled":
        return this.#stop(message.claim, reasonOf(message.action));
      case "trouble":
        this.#options.log.warn({ reason: message.reason, held: message.held }, "leases could not be renewed");
    }
  }

  #stop({ runId, fence }: Claim, reason: StopReason): void {
    const held = this.#held.get(runId);
    if (held?.claim.fence === fence) stop(held.abort, reason);
  }
}

const reasonOf = (action: CancelAction): StopReason => (action === "rollback" ? "rolled_back" : "cancelled");

/** The first reason stays. */
function stop(abort: AbortController, reason: StopReason): void {
  if (!abort.signal.aborted) abort.abort(reason);
}
