import type { Metrics } from "./metrics.js";

/** Counts what readers of a tape will miss. */
export function observeTapes(metrics: Metrics) {
  const dropped = metrics.counter("streaming_data_loss_counter", "Events that no tape could take");
  const trimmed = metrics.counter("tape_trimmed_counter", "Events that left a tape because it was too heavy");
  return {
    onDropped: (events: number) => dropped.inc(events),
    onTrimmed: (entries: number) => trimmed.inc(entries),
  };
}
