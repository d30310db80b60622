import type { TapeEntry } from "@graphfleet/domain";

/** Events that speak for the whole run and carry no namespace in their name. */
const WITHOUT_NAMESPACE = new Set(["metadata", "error", "feedback", "events"]);

/** The name of an entry on the classic stream: its event, and the subgraph that spoke. */
export function nameOf({ event, ns }: TapeEntry): string {
  if (ns.length === 0 || WITHOUT_NAMESPACE.has(event) || event.startsWith("messages/")) return event;
  return [event, ...ns].join("|");
}
