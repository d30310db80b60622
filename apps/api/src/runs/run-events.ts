import {
  type FollowedEnd,
  type GraphError,
  isTerminal,
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
 * A run whose workers all died, or whose tape was lost, fails without a word on the tape. Whoever was waiting for it
 * gets the ledger's word, without a number.
 */
export async function* runEvents(
  run: Run,
  entries: AsyncGenerator<TapeEntry, FollowedEnd | null>,
  {
    modes,
    errorOf,
  }: { readonly modes: readonly StreamMode[]; readonly errorOf: (run: Run) => Promise<GraphError | null> },
): AsyncGenerator<SseEvent> {
  const wanted = new Set<string>(modes);
  let toldError = false;
  const ended = yield* translated();

  if (isTerminal(run.status) || toldError || ended?.end !== null) return;
  const error = ended.status === "error" || ended.status === "timeout" ? await errorOf(run) : null;
  if (error !== null) yield { event: "error", data: JSON.stringify(error) };

  async function* translated(): AsyncGenerator<SseEvent, FollowedEnd | null> {
    try {
      for (;;) {
        const step = await entries.next();
        if (step.done === true) return step.value;
        const entry = step.value;
        toldError ||= entry.event === "error";
        if (isWanted(entry.event, wanted)) yield { event: nameOf(entry), data: entry.data, id: entry.n };
      }
    } finally {
      // The reader may go away in the middle.
      await entries.return(null);
    }
  }
}

/** Mode `messages-tuple` speaks as `messages`; the older mode `messages` as `messages/partial` and its like. */
function isWanted(event: string, wanted: ReadonlySet<string>): boolean {
  if (ALWAYS.has(event)) return true;
  if (event === "messages") return wanted.has("messages-tuple");
  if (event.startsWith("messages/")) return wanted.has("messages");
  return wanted.has(event);
}
