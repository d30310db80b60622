import type { FollowedEnd, StreamMode, TapeEntry } from "@graphfleet/domain";
import type { SseEvent } from "../http/sse.js";

/** Every reader gets these, whatever modes it asked for. */
const ALWAYS = new Set(["metadata", "error", "feedback"]);

/** Events that speak for the whole run and carry no namespace in their name. */
const WITHOUT_NAMESPACE = new Set([...ALWAYS, "events"]);

/**
 * Turns a run's entries into the events of the classic stream: named by mode and namespace, numbered along the run.
 * Only events of `modes` pass.
 */
export async function* runEvents(
  entries: AsyncGenerator<TapeEntry, FollowedEnd | null>,
  modes: readonly StreamMode[],
): AsyncGenerator<SseEvent> {
  const wanted = new Set<string>(modes);
  for await (const entry of entries) {
    if (isWanted(entry.event, wanted)) yield { event: nameOf(entry), data: entry.data, id: entry.n };
  }
}

/** Mode `messages-tuple` speaks as `messages`; the older mode `messages` as `messages/partial` and its like. */
function isWanted(event: string, wanted: ReadonlySet<string>): boolean {
  if (ALWAYS.has(event)) return true;
  if (event === "messages") return wanted.has("messages-tuple");
  if (event.startsWith("messages/")) return wanted.has("messages");
  return wanted.has(event);
}

function nameOf({ event, ns }: TapeEntry): string {
  if (ns.length === 0 || WITHOUT_NAMESPACE.has(event) || event.startsWith("messages/")) return event;
  return [event, ...ns].join("|");
}
