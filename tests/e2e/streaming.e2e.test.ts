import type { StreamMode } from "@langchain/langgraph-sdk";
import { describeFleet, TestFleet } from "./support/fleet.js";
import { collect, runReaches } from "./support/wait.js";

interface Event {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

const names = (events: readonly Event[]): string[] => [...new Set(events.map(({ event }) => event))].sort();

describeFleet("streaming", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start();
  });
  afterAll(() => fleet?.stop());

  const newThread = async (): Promise<string> => (await fleet.client.threads.create()).thread_id;

  async function stream(graph: string, streamMode: StreamMode | StreamMode[], more: object = {}): Promise<Event[]> {
    const events = fleet.client.runs.stream(await newThread(), graph, {
      input: { count: 5 },
      streamMode,
      ...more,
    } as never);
    return (await collect(events)) as Event[];
  }

  test("begins with metadata and counts events from 0", async () => {
    const events = await stream("tokens", "values");

    expect(events[0]).toMatchObject({ id: "0", event: "metadata", data: { attempt: 1 } });
    expect(Object.keys(events[0]!.data as object).sort()).toEqual(["attempt", "run_id"]);
    expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => `${index}`));
  });

  test.each<[StreamMode, string[]]>([
    ["values", ["metadata", "values"]],
    ["updates", ["metadata", "updates"]],
    ["messages-tuple", ["messages", "metadata"]],
    ["messages", ["messages/complete", "messages/metadata", "messages/partial", "metadata"]],
    ["events", ["events", "metadata"]],
    ["debug", ["debug", "metadata"]],
    ["tasks", ["metadata", "tasks"]],
    ["checkpoints", ["checkpoints", "metadata"]],
  ])("mode %s sends just its own events", async (mode, expected) => {
    expect(names(await stream("tokens", mode))).toEqual(expected);
  });

  test("mode custom sends what the graph writes", async () => {
    const events = await stream("slow", "custom", { input: { ms: 1, mark: "a" } });

    expect(events.slice(1).map(({ data }) => data)).toEqual([
      { event: "started", mark: "a" },
      { event: "finished", mark: "a" },
    ]);
  });

  test("tokens arrive as they are made, and add up to the answer", async () => {
    const events = await stream("tokens", ["messages-tuple", "values"], { input: { count: 20 } });

    const tokens = events
      .filter(({ event }) => event === "messages")
      .map(({ data }) => (data as [{ content: string }])[0].content);
    const last = events.at(-1)!.data as { messages: { content: string }[] };
    expect(tokens.length).toBeGreaterThanOrEqual(20);
    expect(last.messages.at(-1)!.content).toBe(tokens.join(""));
  });

  test("partial messages grow until they are complete", async () => {
    const events = await stream("tokens", "messages");

    const partials = events
      .filter(({ event }) => event === "messages/partial")
      .map(({ data }) => (data as [{ content: string }])[0].content);
    for (const [index, partial] of partials.slice(1).entries()) expect(partial.startsWith(partials[index]!)).toBe(true);
    const complete = events.at(-1)!;
    expect(complete.event).toBe("messages/complete");
    expect((complete.data as { content: string }[]).at(-1)!.content).toBe(partials.at(-1));
  });

  test("subgraphs speak under their namespace", async () => {
    const events = await stream("subgraph", ["values", "updates"], { input: {}, streamSubgraphs: true });

    const suffixed = events.filter(({ event }) => event.includes("|"));
    expect(suffixed.length).toBeGreaterThan(0);
    for (const { event } of suffixed) expect(event).toMatch(/^(values|updates)\|child_graph:[0-9a-f-]{36}$/);
    expect(names(await stream("subgraph", ["values", "updates"], { input: {} }))).toEqual([
      "metadata",
      "updates",
      "values",
    ]);
  });

  test("a reader that comes late, or again, gets the same events with the same ids", async () => {
    const { client } = fleet;
    const threadId = await newThread();
    const run = await client.runs.create(threadId, "tokens", {
      input: { count: 30, ms: 10 },
      streamMode: ["messages-tuple"],
      streamResumable: true,
    });

    const live = await collect(client.runs.joinStream(threadId, run.run_id));
    const again = await collect(client.runs.joinStream(threadId, run.run_id, { lastEventId: "-1" }));
    const rest = await collect(client.runs.joinStream(threadId, run.run_id, { lastEventId: "3" }));

    expect(live.length).toBeGreaterThan(30);
    expect(again).toEqual(live);
    expect(rest).toEqual(live.filter(({ id }) => Number(id) > 3));
  });

  test("many readers of one run all get everything", async () => {
    const { client } = fleet;
    const threadId = await newThread();
    const run = await client.runs.create(threadId, "tokens", {
      input: { count: 40, ms: 10 },
      streamMode: ["values", "messages-tuple"],
    });

    const readers = await Promise.all(
      Array.from({ length: 8 }, () => collect(client.runs.joinStream(threadId, run.run_id))),
    );

    for (const events of readers) expect(events).toEqual(readers[0]);
    expect(readers[0]!.at(-1)!.event).toBe("values");
  });

  test("the final state is there the moment the stream ends", async () => {
    const { client } = fleet;
    const threadId = await newThread();

    await collect(client.runs.stream(threadId, "tokens", { input: { count: 3 }, streamMode: "values" }));

    const [thread, runs, state] = await Promise.all([
      client.threads.get(threadId),
      client.runs.list(threadId),
      client.threads.getState(threadId),
    ]);
    expect(thread.status).toBe("idle");
    expect(runs[0]!.status).toBe("success");
    expect(state.next).toEqual([]);
    expect(state.values).toEqual(thread.values);
  });

  test("a run is cancelled when its only reader leaves, if it asked for that", async () => {
    const { client } = fleet;
    const threadId = await newThread();
    const leave = new AbortController();

    const reading = client.runs.stream(threadId, "slow", {
      input: { ms: 60_000 },
      streamMode: "custom",
      onDisconnect: "cancel",
      signal: leave.signal,
    });
    for await (const { event } of reading) if (event === "custom") leave.abort();

    const [run] = await client.runs.list(threadId);
    await runReaches(client, threadId, run!.run_id, "interrupted");
  });

  test("the frames are exactly what clients parse", async () => {
    const response = await fetch(`${fleet.url}/threads/${await newThread()}/runs/stream`, {
      method: "POST",
      body: JSON.stringify({ assistant_id: "echo", input: { messages: [] }, stream_mode: "values" }),
    });

    expect(response.headers.get("content-type")).toContain("text/event-stream");
    expect(response.headers.get("content-location")).toMatch(/^\/threads\/[0-9a-f-]{36}\/runs\/[0-9a-f-]{36}$/);
    expect(response.headers.get("location")).toBe(`${response.headers.get("content-location")}/stream`);
    const frames = (await response.text())
      .replaceAll(": heartbeat\n", "")
      .split("\n\n")
      .filter((frame) => frame !== "");
    for (const [index, frame] of frames.entries()) {
      expect(frame).toMatch(new RegExp(`^event: [^\\n]+\\ndata: [^\\n]+\\nid: ${index}$`));
    }
  });
});
