import { isDeepStrictEqual } from "node:util";
import {
  type FollowedEnd,
  isTerminal,
  type RecallOutput,
  type Run,
  type StreamMode,
  type TapeEntry,
} from "@graphfleet/domain";
import { nameOf } from "../http/event-name.js";
import type { SseEvent } from "../http/sse.js";

export interface RunEventsOptions {
  readonly modes: readonly StreamMode[];
  /** The entries are those behind this number. */
  readonly afterEvent: number;
  readonly recallOutput: RecallOutput;
  /** The reader was here before; default: it was not. */
  readonly isBack?: boolean;
}

/** Every reader gets these, whatever modes it asked for. */
const ALWAYS = new Set(["metadata", "error", "feedback"]);

/**
 * Turns a run's entries into the events of the classic stream: named by mode and namespace, numbered along the run.
 * Only events of `modes` pass.
 *
 * Numbers that are missing on the tape are told as a `gap`: their events were too large for it, or had to go, or were
 * lost with Redis. Without a gap a reader has everything.
 *
 * A run whose workers all died, or whose tape was lost, ends without a last page on the tape. Whoever was reading gets
 * the ledger's word, without a number: how it failed, or the values that it ended with unless they were on the tape. So
 * does a reader that comes back when the run is over, which `isBack` says: its connection broke before the end.
 */
export async function* runEvents(
  run: Run,
  entries: AsyncGenerator<TapeEntry, FollowedEnd | null>,
  { modes, afterEvent, recallOutput, isBack = false }: RunEventsOptions,
): AsyncGenerator<SseEvent> {
  const wanted = new Set<string>(modes);
  let toldError = false;
  let toldValues: string | null = null;
  let next = afterEvent + 1;
  const ended = yield* translated();
  const last = ended?.end?.lastEvent ?? -1;
  if (last >= next) yield gap(next, last);

  if ((isTerminal(run.status) && !isBack) || ended?.end !== null) return;
  const { status } = ended;
  if ((status === "error" || status === "timeout") && !toldError) {
    const { __error__: error } = JSON.parse(await recallOutput(run)) as Output;
    if (error !== undefined) yield { event: "error", data: JSON.stringify(error) };
  }
  if (status === "success" && wanted.has("values")) {
    const output = await recallOutput(run);
    if (!isSame(toldValues, output)) yield { event: "values", data: output };
  }

  async function* translated(): AsyncGenerator<SseEvent, FollowedEnd | null> {
    try {
      for (;;) {
        const step = await entries.next();
        if (step.done === true) return step.value;
        const entry = step.value;
        if (entry.n > next) yield gap(next, entry.n - 1);
        next = entry.n + 1;
        toldError ||= entry.event === "error";
        if (entry.event === "values" && entry.ns.length === 0) toldValues = entry.data;
        if (isWanted(entry.event, wanted)) yield { event: nameOf(entry), data: entry.data, id: entry.n };
      }
    } finally {
      // The reader may go away in the middle.
      await entries.return(null);
    }
  }
}

/** The answer of `wait`. */
interface Output {
  readonly __error__?: unknown;
  readonly __interrupt__?: unknown;
}

/** The stream tells of a pause alone, the answer of `wait` together with the values. */
function isSame(told: string | null, output: string): boolean {
  if (told === null || told === output) return told !== null;
  const [last, final] = [JSON.parse(told) as Output | null, JSON.parse(output) as Output];
  if (final.__interrupt__ !== undefined) return isDeepStrictEqual(last?.__interrupt__, final.__interrupt__);
  return isDeepStrictEqual(last, final);
}

/** Its number is that of the last event that is missing, so a client that comes back with it goes on behind the gap. */
const gap = (first: number, last: number): SseEvent => ({
  event: "gap",
  data: JSON.stringify({
    first,
    last,
    message: "Events with these numbers cannot be shown. The state of the thread has what they led to.",
  }),
  id: last,
});

/** Mode `messages-tuple` speaks as `messages`; the older mode `messages` as `messages/partial` and its like. */
function isWanted(event: string, wanted: ReadonlySet<string>): boolean {
  if (ALWAYS.has(event)) return true;
  if (event === "messages") return wanted.has("messages-tuple");
  if (event.startsWith("messages/")) return wanted.has("messages");
  return wanted.has(event);
}
