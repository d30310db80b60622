import { STATE_UPDATE, type ThreadNews } from "@graphfleet/domain";
import { nameOf } from "../http/event-name.js";
import type { SseEvent } from "../http/sse.js";

/** What a reader of a thread wants to hear of: all events of its runs, only their begin and end, or edits of its state. */
export type ThreadStreamMode = "run_modes" | "lifecycle" | "state_update";

/** Turns the news of a thread into events, numbered along the thread. Each run ends with a `run_done`. */
export async function* threadEvents(
  news: AsyncIterable<ThreadNews>,
  modes: ReadonlySet<ThreadStreamMode>,
): AsyncGenerator<SseEvent> {
  const runs = modes.has("run_modes");
  for await (const item of news) {
    const id = item.seq;
    if (item.kind === "run_ended") {
      const { runId, status } = item;
      if (runs || modes.has("lifecycle"))
        yield { event: "run_done", data: JSON.stringify({ run_id: runId, status }), id };
      continue;
    }
    const { entry } = item;
    const isWanted =
      entry.runId === null
        ? entry.event === STATE_UPDATE && modes.has("state_update")
        : runs || (entry.event === "metadata" && modes.has("lifecycle"));
    if (isWanted) yield { event: nameOf(entry), data: entry.data, id };
  }
}
