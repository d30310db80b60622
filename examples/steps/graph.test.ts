import { MemorySaver } from "@langchain/langgraph";
import { graph } from "./graph.js";

let threads = 0;

function open() {
  graph.checkpointer = new MemorySaver();
  threads += 1;
  return { configurable: { thread_id: `thread-${threads}` } };
}

describe("steps", () => {
  test("writes every step down once, and tells the custom stream", async () => {
    const config = open();
    const events: unknown[] = [];

    const stream = await graph.stream({ steps: 3, ms: 0 }, { ...config, streamMode: "custom" as const });
    for await (const event of stream) events.push(event);

    expect((await graph.getState(config)).values).toMatchObject({ done: [1, 2, 3] });
    expect(events).toEqual([1, 2, 3].map((step) => ({ step, of: 3 })));
  });

  test("adds the steps of a second input behind the first", async () => {
    const config = open();

    await graph.invoke({ steps: 2, ms: 0 }, config);
    const { done } = await graph.invoke({ steps: 3, ms: 0 }, config);

    expect(done).toEqual([1, 2, 3, 4, 5]);
  });

  test("takes more steps than the usual recursion limit", async () => {
    const { done } = await graph.invoke({ steps: 60, ms: 0 }, open());

    expect(done).toHaveLength(60);
  });

  test("fails where asked and goes on from its last checkpoint", async () => {
    const config = open();

    await expect(graph.invoke({ steps: 4, ms: 0, fail_at: 3 }, config)).rejects.toThrow("Step 3 failed");
    expect((await graph.getState(config)).values).toMatchObject({ done: [1, 2] });

    await graph.updateState(config, { fail_at: null }, "step");
    const { done } = await graph.invoke(null, config);
    expect(done).toEqual([1, 2, 3, 4]);
  });

  test("stops in the middle of a step when the run is aborted", async () => {
    const config = open();
    const stop = new AbortController();

    const stream = await graph.stream(
      { steps: 2, ms: 60_000 },
      { ...config, signal: stop.signal, streamMode: "updates" as const },
    );
    const reading = (async () => {
      for await (const update of stream) if ("begin" in update) stop.abort();
    })();

    await expect(reading).rejects.toThrow(/abort/i);
  });
});
