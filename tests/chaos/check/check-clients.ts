import type { HistoryEvent } from "../history.js";
import { redisFailed } from "./check-streams.js";
import type { Violation } from "./facts.js";

/** A run without a thread is answered as if nothing had happened. Its result is on the tape only, which Redis may lose. */
export function statelessRunsAnswer(history: readonly HistoryEvent[]): Violation[] {
  return history.flatMap((event) => {
    if (event.kind !== "stateless") return [];
    const expected = [event.mark, ...Array.from({ length: event.steps }, (_, i) => `step ${i}`)];
    if (event.log?.join() === expected.join()) return [];
    if (event.log === null && redisFailed(history, event.since, event.at)) return [];
    return [{ rule: "stateless runs answer", text: `run ${event.run} answered ${JSON.stringify(event.log)}` }];
  });
}

/** A deploy of the APIs costs clients nothing. A stream that goes on elsewhere is what its client is made for. */
export function deploysAreSilent(history: readonly HistoryEvent[]): Violation[] {
  const deploys = history.filter((event) => event.kind === "fault" && event.name === "roll apis");
  return history.flatMap((event) => {
    if (event.kind !== "trouble" || event.what === "stream") return [];
    if (!deploys.some((fault) => fault.kind === "fault" && fault.at <= event.at && event.at <= fault.until)) return [];
    return [{ rule: "a rolling restart shows no error", text: `${event.what}: ${event.reason}` }];
  });
}
