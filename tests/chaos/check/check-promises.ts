import type { HistoryEvent } from "../history.js";
import type { Facts, Violation } from "./facts.js";

/** I7: whoever was to be told of a run's end was told, with the status that the run has. */
export function webhooksArrive(history: readonly HistoryEvent[], { runs }: Facts): Violation[] {
  const rule = "I7 webhooks are delivered at least once";
  const rows = new Map(runs.map((run) => [run.run, run]));
  const told = new Map(history.flatMap((event) => (event.kind === "delivered" ? [[event.run, event.status]] : [])));
  return history.flatMap((event) => {
    if (event.kind !== "hooked") return [];
    const status = told.get(event.run);
    if (status === undefined) return [{ rule, text: `nobody was told of run ${event.run}` }];
    const real = rows.get(event.run)?.status;
    return status === real ? [] : [{ rule, text: `run ${event.run} is ${real}, and was told as ${status}` }];
  });
}

/** Schedulers that cannot reach the ledger cannot fire; after a half-open connection they notice it late. */
const NO_LEDGER = ["postgres restart", "postgres half-open", "postgres backends ended", "postgres slow"];
const NOTICED_WITHIN_MS = 35_000;

/** I7: a cron fires once for each of its moments, and each firing is one run that succeeds. */
export function cronsFireOnce(history: readonly HistoryEvent[], { runs, firings }: Facts): Violation[] {
  const rule = "I7 crons fire once for each moment";
  return history.flatMap((event) => {
    if (event.kind !== "cron") return [];
    const fired = firings.filter(({ cron }) => cron === event.cron);
    const made = runs.filter(({ cron }) => cron === event.cron);
    const found: string[] = [];
    for (const moment of momentsOf(event))
      if (!fired.some(({ at }) => at === moment) && !hadNoLedger(history, moment, moment + event.everyMs))
        found.push(`did not fire at ${new Date(moment).toISOString()}`);
    if (new Set(fired.map(({ at }) => at)).size < fired.length) found.push("fired twice for one moment");
    if (made.length !== fired.length) found.push(`made ${made.length} runs in ${fired.length} firings`);
    for (const { run } of fired) {
      const status = made.find((one) => one.run === run)?.status;
      if (status !== "success") found.push(`made run ${run}, which is ${status ?? "not there"}`);
    }
    return found.map((text) => ({ rule, text: `cron ${event.cron} ${text}` }));
  });
}

/** Moments that lie well inside of a cron's life. */
function momentsOf({ everyMs, from, until }: Extract<HistoryEvent, { kind: "cron" }>): number[] {
  const first = Math.ceil(from / everyMs) + 1;
  const last = Math.floor(until / everyMs) - 1;
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * everyMs);
}

const hadNoLedger = (history: readonly HistoryEvent[], from: number, to: number): boolean =>
  history.some(
    (event) =>
      event.kind === "fault" &&
      NO_LEDGER.includes(event.name) &&
      event.at < to &&
      event.until + NOTICED_WITHIN_MS > from,
  );
