import type { HistoryEvent } from "../history.js";
import { byThread, type Facts, type RunFact, type Violation } from "./facts.js";

const TERMINAL = ["success", "error", "timeout", "interrupted"];

/** I1, I2: every acknowledged run is over, and as well as its client may expect. */
export function acknowledgedRunsEnd(history: readonly HistoryEvent[], { runs }: Facts): Violation[] {
  const rule = "I1 every acknowledged run ends";
  const rows = new Map(runs.map((run) => [run.run, run]));
  return history.flatMap((event) => {
    if (event.kind !== "acknowledged") return [];
    const row = rows.get(event.run);
    const name = `run ${event.run} (${event.mark})`;
    // A rollback removes the row.
    if (row === undefined) return event.spared ? [{ rule, text: `${name} is gone` }] : [];
    if (!TERMINAL.includes(row.status)) return [{ rule, text: `${name} is still ${row.status}` }];
    const expected = event.spared ? ["success"] : ["success", "interrupted"];
    if (expected.includes(row.status)) return [];
    return [{ rule, text: `${name} ended as ${row.status} after ${row.attempt} attempts` }];
  });
}

/** I2: what a run row says about itself fits together. */
export function rowsAreLegal(_history: readonly HistoryEvent[], { runs }: Facts): Violation[] {
  const rule = "I2 statuses are legal";
  return runs.flatMap((run) => {
    const over = TERMINAL.includes(run.status);
    const wrong =
      (!over && !["pending", "running"].includes(run.status) && "has an unknown status") ||
      (over !== (run.endedAt !== null) && "is over without an end, or the other way round") ||
      (run.status === "success" && run.startedAt === null && "succeeded without a start") ||
      (run.startedAt !== null && run.endedAt !== null && run.startedAt > run.endedAt && "ended before it started");
    return wrong === false ? [] : [{ rule, text: `run ${run.run} (${run.status}) ${wrong}` }];
  });
}

/** I3: the times in which runs of one thread executed do not overlap. */
export function oneRunAtATime(_history: readonly HistoryEvent[], { runs }: Facts): Violation[] {
  const rule = "I3 one running run per thread";
  return [...byThread(runs).values()].flatMap((onThread) => {
    const executed = onThread
      .filter((run): run is RunFact & { startedAt: number } => run.startedAt !== null)
      .sort((a, b) => a.startedAt - b.startedAt);
    return executed.flatMap((run, i) => {
      const before = executed[i - 1];
      if (before === undefined || (before.endedAt !== null && before.endedAt <= run.startedAt)) return [];
      return [{ rule, text: `run ${run.run} started before ${before.run} of the same thread ended` }];
    });
  });
}

/** I8: nobody holds anything any more. */
export function nothingIsLeft(_history: readonly HistoryEvent[], facts: Facts): Violation[] {
  const rule = "I8 nothing is left behind";
  const { before, after } = facts.connections;
  return [
    ...facts.runs
      .filter(({ leased, status }) => leased || !TERMINAL.includes(status))
      .map(({ run, status }) => ({ rule, text: `run ${run} is ${status}, or still leased` })),
    ...facts.immortalTapes.map((key) => ({ rule, text: `Redis key ${key} never expires` })),
    ...(after > before ? [{ rule, text: `${after} Postgres connections, ${before} before the faults` }] : []),
  ];
}

/** I9: runs that one client enqueued one after the other started in that order. */
export function enqueuedRunsKeepOrder(history: readonly HistoryEvent[], { runs }: Facts): Violation[] {
  const rule = "I9 enqueue is first in, first out";
  const rows = new Map(runs.map((run) => [run.run, run]));
  const last = new Map<string, RunFact>();
  return history.flatMap((event) => {
    const row = event.kind === "acknowledged" && event.strategy === "enqueue" ? rows.get(event.run) : undefined;
    if (row === undefined) return [];
    const before = last.get(row.thread);
    last.set(row.thread, row);
    if (before === undefined || row.startedAt === null || before.startedAt === null) return [];
    if (before.seq < row.seq && before.startedAt <= row.startedAt) return [];
    return [{ rule, text: `run ${row.run} overtook ${before.run}` }];
  });
}

/** A cancel that was answered with `wait=1` is over. */
export function cancelsAreTrue(history: readonly HistoryEvent[]): Violation[] {
  return history.flatMap((event) =>
    event.kind !== "cancelled" || event.status === "gone" || TERMINAL.includes(event.status)
      ? []
      : [{ rule: "cancel with wait is truthful", text: `run ${event.run} is ${event.status} after its cancel` }],
  );
}
