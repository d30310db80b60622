import type { Client } from "@langchain/langgraph-sdk";
import { setTimeout as sleep } from "node:timers/promises";

/** Asks again until the answer is there; fails with the last answer when it takes too long. For facts without an event. */
export async function eventually<T>(
  ask: () => Promise<T>,
  accept: (answer: T) => boolean,
  { withinMs = 30_000, everyMs = 50 } = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (accept(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`still not so after ${withinMs} ms: ${JSON.stringify(answer)}`);
    await sleep(everyMs);
  }
}

/** Waits until the run has one of the statuses. */
export const runReaches = (client: Client, threadId: string, runId: string, ...statuses: readonly string[]) =>
  eventually(
    () => client.runs.get(threadId, runId),
    (run) => statuses.includes(run.status),
  );

/** Everything a stream said. */
export async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}
