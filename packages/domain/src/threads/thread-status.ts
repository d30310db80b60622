import type { ThreadStatus } from "./thread.js";

/** How the last run of a thread ended, as far as the thread's status depends on it. */
export type LastEnding = "none" | "completed" | "paused" | "failed" | "cancelled";

/**
 * The status of a thread: busy while any run waits or executes, else what the last run left behind.
 *
 * `paused` means the graph stopped with work left (an interrupt). A run that its user cancelled leaves the thread idle,
 * even though the graph has work left.
 */
export function threadStatus(inflight: number, last: LastEnding): ThreadStatus {
  if (inflight > 0) return "busy";

  switch (last) {
    case "failed":
      return "error";
    case "paused":
      return "interrupted";
    case "none":
    case "completed":
    case "cancelled":
      return "idle";
  }
}

/** The status after someone edited the state by hand: an answered interrupt is over, and so is an error. */
export function statusAfterUpdate(before: ThreadStatus, nodesLeft: number): ThreadStatus {
  return before === "interrupted" && nodesLeft > 0 ? "interrupted" : "idle";
}
