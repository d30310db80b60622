import type { GraphError, Interrupts } from "../threads/thread.js";
import type { LastEnding } from "../threads/thread-status.js";
import type { Json } from "../json.js";
import type { TerminalStatus } from "./run.js";

/** Why a worker put a graph down before it finished. */
export type StopReason = "cancelled" | "rolled_back" | "timed_out" | "lease_lost" | "shutting_down";

/** What a graph left behind when it came to rest. */
export interface GraphFinish {
  /** The thread's values, interrupts and work left. */
  readonly values: Json;
  readonly interrupts: Interrupts;
  readonly next: readonly string[];
  readonly checkpointId: string | null;
  /** What `wait` and `join` answer with: the last output, with `__interrupt__` when the graph paused. Serialised JSON. */
  readonly output: string;
}

/** What happened to a run in the workshop. */
export type Outcome =
  | { readonly kind: "finished"; readonly finish: GraphFinish }
  | { readonly kind: "stopped"; readonly reason: StopReason }
  | { readonly kind: "failed"; readonly error: GraphError; readonly retryable: boolean };

/** What the ledger records of it. */
export type Settlement =
  | {
      readonly kind: "end";
      readonly status: TerminalStatus;
      readonly ending: LastEnding;
      readonly error: GraphError | null;
    }
  | { readonly kind: "retry" }
  | { readonly kind: "give_back" }
  | { readonly kind: "roll_back" }
  | { readonly kind: "abandon" };

/**
 * Turns what happened into what the ledger records.
 *
 * A shutdown gives the run back without spending an attempt: a deploy is our doing, not the graph's. A lost lease
 * records nothing, because another worker may already be writing the true ending. A graph that pauses on an interrupt
 * has done all it can: the run is a success, and the thread shows that it waits.
 */
export function settlementOf(outcome: Outcome, attempt: number, maxAttempts: number): Settlement {
  switch (outcome.kind) {
    case "finished":
      return {
        kind: "end",
        status: "success",
        ending: outcome.finish.next.length > 0 ? "paused" : "completed",
        error: null,
      };
    case "failed":
      return outcome.retryable && attempt < maxAttempts
        ? { kind: "retry" }
        : { kind: "end", status: "error", ending: "failed", error: outcome.error };
    case "stopped":
      switch (outcome.reason) {
        case "cancelled":
          return { kind: "end", status: "interrupted", ending: "cancelled", error: null };
        case "rolled_back":
          return { kind: "roll_back" };
        case "timed_out":
          return { kind: "end", status: "timeout", ending: "failed", error: TIMED_OUT };
        case "shutting_down":
          return { kind: "give_back" };
        case "lease_lost":
          return { kind: "abandon" };
      }
  }
}

const TIMED_OUT: GraphError = { error: "TimeoutError", message: "The run took longer than this server allows." };

/**
 * The error of a run that was started as often as the server allows, and whose worker died each time.
 *
 * @param apart the last start was one more, as a suspect.
 */
export function attemptsExhausted(runId: string, attempts: number, apart: boolean): GraphError {
  const starts = `it was started ${attempts} times and its worker stopped each time before it ended`;
  const last = apart ? ", the last time with no other such run beside it" : "";
  return { error: "MaxAttemptsExceeded", message: `Run ${runId} exceeded max attempts: ${starts}${last}.` };
}
