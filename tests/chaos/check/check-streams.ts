import type { Durability, HistoryEvent } from "../history.js";
import type { Facts, RunFact, Violation } from "./facts.js";

type Streamed = Extract<HistoryEvent, { kind: "streamed" }>;

/** A tape may lose what Redis had no chance to take: while it was away, and what it had before it forgot everything. */
const TAKES_THE_TAPE = ["redis restart", "redis flushed", "redis half-open", "redis slow"];
/** Numbers that were spent on lost events are seen by a client as soon as the next event comes. */
const AROUND_MS = 2_000;

/**
 * A step may be told and then not be saved: the one that was in flight when its attempt ended. While that one executes,
 * the checkpoint before it may still be on its way, unless the run says that it waits.
 */
const REPEATED: Readonly<Record<Durability, number>> = { sync: 1, async: 2, exit: Infinity };

/** I4, I6: ids grow over all connections, every stream ends, a gap has a reason, and so has a step that comes again. */
export function streamsAreWhole(history: readonly HistoryEvent[], { runs }: Facts): Violation[] {
  const rule = "I6 streams are ordered, whole, and end";
  const rows = new Map(runs.map((run) => [run.run, run]));
  return history.flatMap((event) => {
    if (event.kind !== "streamed") return [];
    const wrong = wrongOf(event, rows.get(event.run), history);
    return wrong === null ? [] : [{ rule, text: `stream of run ${event.run} ${wrong}` }];
  });
}

function wrongOf(read: Streamed, run: RunFact | undefined, history: readonly HistoryEvent[]): string | null {
  if (!read.ended) return "did not end";
  if (read.ids.some((id, i) => id <= (read.ids[i - 1] ?? -1))) return `has ids out of order: ${read.ids.join(" ")}`;
  if (run === undefined || run.status !== "success") return null;
  if (read.heaviest < read.heavy && !lostItsTape(run, history)) return `has no event of ${read.heavy} bytes`;
  const told = new Set(read.steps).size;
  const repeated = read.steps.length - told;
  if (repeated > REPEATED[read.durability] * (run.attempt - 1))
    return `repeats ${repeated} steps in ${run.attempt} attempts`;
  if (told === run.steps || lostItsTape(run, history)) return null;
  return `misses steps: ${told} of ${run.steps}, ids ${read.ids.join(" ")}`;
}

/** Streams that are not whole because Redis was taken from under them; they are told in the report. */
export function excusedGaps(history: readonly HistoryEvent[], { runs }: Facts): number {
  const rows = new Map(runs.map((run) => [run.run, run]));
  return history.filter((event) => {
    const run = event.kind === "streamed" ? rows.get(event.run) : undefined;
    if (event.kind !== "streamed" || run?.status !== "success") return false;
    return new Set(event.steps).size < run.steps && lostItsTape(run, history);
  }).length;
}

const lostItsTape = (run: RunFact, history: readonly HistoryEvent[]): boolean =>
  redisFailed(history, run.createdAt, run.endedAt ?? Infinity);

/** Whether Redis was away, or forgot everything, between two moments. */
export const redisFailed = (history: readonly HistoryEvent[], from: number, to: number): boolean =>
  history.some(
    (event) =>
      event.kind === "fault" &&
      TAKES_THE_TAPE.includes(event.name) &&
      event.at - AROUND_MS < to &&
      event.until + AROUND_MS > from,
  );
