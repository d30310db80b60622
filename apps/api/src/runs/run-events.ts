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

/** Every reader gets these, whatever modes it asked for. */
const ALWAYS = new Set(["metadata", "error", "feedback"]);

/**
 * Turns a run's entries into the events of the classic stream: named by mode and namespace, numbered along the run.
 * Only events of `modes` pass.
 *
 * A run whose workers all died, or whose tape was lost, ends without a last page on the tape. Whoever was reading gets
 * the ledger's word, without a number: how it failed, or the values that it ended with unless they were on the tape.
 */
export async function* runEvents(
  run: Run,
  entries: AsyncGenerator<TapeEntry, FollowedEnd | null>,
  { modes, recallOutput }: { readonly modes: readonly StreamMode[]; readonly recallOutput: RecallOutput },
): AsyncGenerator<SseEvent> {
  const wanted = new Set<string>(modes);
  let toldError = false;
  let toldValues: string | null = null;
  const ended = yield* translated();

  if (isTerminal(run.status) || ended?.end !== null) return;
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

/** Mode `messages-tuple` speaks as `messages`; the older mode `messages` as `messages/partial` and its like. */
function isWanted(event: string, wanted: ReadonlySet<string>): boolean {
  if (ALWAYS.has(event)) return true;
  if (event === "messages") return wanted.has("messages-tuple");
  if (event.startsWith("messages/")) return wanted.has("messages");
  return wanted.has(event);
}
