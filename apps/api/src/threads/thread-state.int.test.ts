import { openGraphServer } from "../../test/graph-server.js";
import { eventsIn } from "../../test/read-sse.js";

// The real engine: what a state looks like is between the graph library and us.

const server = await openGraphServer();
const { get, post, makeThread, ranOn } = server;
afterAll(() => server.close());

const UNKNOWN = "11111111-2222-4333-8444-555555555555";

describe("GET /threads/:thread_id/state", () => {
  test("200: an empty state for a thread that never ran", async () => {
    const id = await makeThread();
    expect((await get(`/threads/${id}/state`)).json).toEqual({
      values: {},
      next: [],
      tasks: [],
      metadata: {},
      created_at: null,
      checkpoint: null,
      parent_checkpoint: null,
      interrupts: [],
    });
    expect((await get(`/threads/${id}/history`)).json).toEqual([]);
    expect((await post(`/threads/${id}/history`)).json).toEqual([]);
  });

  test("200: the head, in wire names", async () => {
    const id = await ranOn("counter", { log: ["in"], steps: 1 });

    const { json } = await get(`/threads/${id}/state`);

    expect(json).toMatchObject({
      values: { log: ["in", "step 0"] },
      next: [],
      tasks: [],
      metadata: { source: "loop", graph_id: "counter", thread_id: id },
      created_at: expect.stringMatching(/Z$/),
      checkpoint: { thread_id: id, checkpoint_ns: "", checkpoint_id: expect.any(String), checkpoint_map: null },
      parent_checkpoint: { thread_id: id, checkpoint_ns: "", checkpoint_map: null },
      interrupts: [],
    });
    expect((await get(`/threads/${id}`)).json.values).toMatchObject({ log: ["in", "step 0"] });
  });

  test("200: interrupts, flat at the top only", async () => {
    const id = await ranOn("interrupting", { questions: ["Sure?"] });

    const { json } = await get(`/threads/${id}/state`);

    expect(json.next).toEqual(["ask"]);
    expect(json.interrupts).toEqual([{ id: expect.stringMatching(/^[\da-f]{32}$/), value: { question: "Sure?" } }]);
    expect(json.tasks).toEqual([
      {
        id: expect.any(String),
        name: "ask",
        path: expect.any(Array),
        error: null,
        interrupts: json.interrupts,
        checkpoint: null,
        state: null,
        result: null,
      },
    ]);
    expect((await get(`/threads/${id}`)).json).toMatchObject({
      status: "interrupted",
      interrupts: { [json.tasks[0].id]: json.interrupts },
    });
  });

  test("200: a subgraph that waits, by reference or in full", async () => {
    const id = await ranOn("subgraph", { ask: true });

    const [brief] = (await get(`/threads/${id}/state`)).json.tasks;
    expect(brief.state).toBeNull();
    expect(brief.checkpoint).toEqual({
      thread_id: id,
      checkpoint_ns: expect.stringMatching(/^child_graph:[\da-f-]{36}$/),
    });

    const full = (await get(`/threads/${id}/state?subgraphs=true`)).json;
    expect(full.tasks[0].checkpoint).toBeNull();
    expect(Object.keys(full.tasks[0].state).toSorted()).toEqual([
      "checkpoint",
      "created_at",
      "metadata",
      "next",
      "parent_checkpoint",
      "tasks",
      "values",
    ]);
    expect(full.tasks[0].state.next).toEqual(["child_two"]);
    expect(full.tasks[0].state.checkpoint.checkpoint_map).toHaveProperty([""], full.checkpoint.checkpoint_id);

    const inner = await post(`/threads/${id}/state/checkpoint`, { checkpoint: brief.checkpoint });
    expect(inner.json).toMatchObject({ next: ["child_two"] });
  });

  test("404 and 422", async () => {
    expect((await get(`/threads/${UNKNOWN}/state`)).text).toBe(`Thread with ID ${UNKNOWN} not found`);
    expect((await get(`/threads/${UNKNOWN}/state/nope`)).text).toBe("checkpoint_id must be a UUID");
    expect((await get(`/threads/${UNKNOWN}/state?subgraphs=maybe`)).text).toBe("subgraphs must be boolean");
  });
});

describe("state at a checkpoint", () => {
  test("200: by path and by body, with or without subgraphs", async () => {
    const id = await ranOn("counter", { log: ["in"], steps: 1 });
    const history = (await get(`/threads/${id}/history`)).json;
    const past = history[1];

    expect((await get(`/threads/${id}/state/${past.checkpoint.checkpoint_id}`)).json.values).toEqual(past.values);
    for (const subgraphs of [true, "false", null]) {
      const { json } = await post(`/threads/${id}/state/checkpoint`, { checkpoint: past.checkpoint, subgraphs });
      expect(json.values).toEqual(past.values);
    }
  });

  test("200: an unknown checkpoint is empty, and named in the answer", async () => {
    const id = await ranOn("counter", { log: ["in"], steps: 1 });
    const { status, json } = await get(`/threads/${id}/state/${UNKNOWN}`);
    expect(status).toBe(200);
    expect(json).toMatchObject({ values: {}, next: [], checkpoint: { thread_id: id, checkpoint_id: UNKNOWN } });
  });
});

describe("GET and POST /threads/:thread_id/history", () => {
  test("200: newest first, before in all three forms, filtered by metadata", async () => {
    const id = await ranOn("counter", { log: ["in"], steps: 1 });
    await post(`/threads/${id}/runs/wait`, {
      assistant_id: "counter",
      input: { log: ["again"], steps: 1 },
      metadata: { tag: "second" },
    });
    const all = (await post(`/threads/${id}/history`, { limit: 100 })).json;
    expect(all.length).toBeGreaterThan(4);
    expect(all.at(-1).next).toEqual(["__start__"]);
    expect(all[0].next).toEqual([]);

    const { checkpoint } = all[2];
    const rest = all.slice(3);
    const older = [
      await get(`/threads/${id}/history?limit=100&before=${checkpoint.checkpoint_id}`),
      await post(`/threads/${id}/history`, { limit: 100, before: checkpoint.checkpoint_id }),
      await post(`/threads/${id}/history`, { limit: 100, before: checkpoint }),
      await post(`/threads/${id}/history`, { limit: 100, before: { configurable: checkpoint } }),
    ];
    for (const { json } of older) expect(json).toEqual(rest);
    for (const before of [{ checkpoint_id: null }, { configurable: { checkpoint_id: null } }, { configurable: {} }, {}])
      expect((await post(`/threads/${id}/history`, { limit: 100, before })).json).toEqual(all);

    expect((await get(`/threads/${id}/history?limit=2`)).json).toEqual(all.slice(0, 2));
    const tagged = await post(`/threads/${id}/history`, { limit: 100, metadata: { tag: "second" }, checkpoint: null });
    expect(tagged.json).toEqual(all.filter((state: { metadata: { tag?: string } }) => state.metadata.tag === "second"));
    expect(tagged.json.length).toBeGreaterThan(1);
  });

  test("404 and 422", async () => {
    expect((await post(`/threads/${UNKNOWN}/history`)).status).toBe(404);
    const id = await makeThread();
    expect((await post(`/threads/${id}/history`, { limit: 0 })).status).toBe(422);
    for (const before of [7, { checkpoint_id: 7 }, { configurable: 7 }])
      expect((await post(`/threads/${id}/history`, { before })).text).toBe(
        "before must be a checkpoint id, a checkpoint, or a config with one",
      );
  });
});

describe("POST /threads/:thread_id/state", () => {
  test("200: a new checkpoint; the thread shows its values", async () => {
    const id = await ranOn("counter", { log: ["in"], steps: 1 });

    const { status, json } = await post(`/threads/${id}/state`, { values: { log: ["by hand"] }, as_node: "step" });

    expect(status).toBe(200);
    expect(json).toEqual({
      checkpoint: {
        thread_id: id,
        checkpoint_ns: "",
        checkpoint_id: expect.any(String),
        checkpoint_map: null,
      },
    });
    const state = (await get(`/threads/${id}/state`)).json;
    expect(state.checkpoint.checkpoint_id).toBe(json.checkpoint.checkpoint_id);
    expect(state.values.log).toEqual(["in", "step 0", "by hand"]);
    expect(state.metadata.source).toBe("update");
    const thread = (await get(`/threads/${id}`)).json;
    expect(thread).toMatchObject({ status: "idle", values: { log: ["in", "step 0", "by hand"] } });
    expect(thread.state_updated_at).not.toBeNull();
  });

  test("200: null values skip a node that waits, and the thread is at rest", async () => {
    const id = await ranOn("interrupting", { questions: ["Sure?"] });

    expect((await post(`/threads/${id}/state`, { values: null, as_node: "after" })).status).toBe(200);

    expect((await get(`/threads/${id}/state`)).json).toMatchObject({ next: [], interrupts: [] });
    expect((await get(`/threads/${id}`)).json).toMatchObject({ status: "idle", interrupts: {} });
  });

  test("200: a fork from the past", async () => {
    const id = await ranOn("counter", { log: ["in"], steps: 2 });
    const history = (await get(`/threads/${id}/history`)).json;
    const past = history.find(({ values }: { values: { log?: string[] } }) => values.log?.length === 2);

    const { json } = await post(`/threads/${id}/state`, {
      values: { log: ["other"] },
      checkpoint: { ...past.checkpoint, checkpoint_map: null },
      as_node: "step",
    });

    const forked = (await get(`/threads/${id}/state/${json.checkpoint.checkpoint_id}`)).json;
    expect(forked.values.log).toEqual(["in", "step 0", "other"]);
    expect(forked.parent_checkpoint.checkpoint_id).toBe(past.checkpoint.checkpoint_id);
  });

  test("400: no graph has run on the thread", async () => {
    const id = await makeThread();
    const { status, text } = await post(`/threads/${id}/state`, { values: {} });
    expect([status, text]).toEqual([400, `Thread ${id} has no graph ID`]);
  });

  test("404: no such thread", async () => {
    expect((await post(`/threads/${UNKNOWN}/state`, { values: {} })).status).toBe(404);
  });

  test("409: a run is waiting, however long", async () => {
    const id = await ranOn("counter", { log: ["in"], steps: 1 });
    await post(`/threads/${id}/runs`, { assistant_id: "counter", after_seconds: 1000 });
    const { status, text } = await post(`/threads/${id}/state`, { values: { log: ["no"] } });
    expect([status, text]).toEqual([409, "Thread is busy"]);
  });

  test("422: the graph refuses; trying again would not help", async () => {
    const id = await ranOn("counter", { log: ["in"], steps: 1 });
    const { status, text } = await post(`/threads/${id}/state`, { values: { log: ["x"] }, as_node: "nobody" });
    expect(status).toBe(422);
    expect(text).toContain("nobody");
  });
});

describe("PATCH /threads/:thread_id/state", () => {
  const patch = (id: string, body: object) => server.call("PATCH", `/threads/${id}/state`, body);

  test("204: labels the newest checkpoint; history finds it by the label", async () => {
    const id = await ranOn("counter", { log: ["in"], steps: 1 });

    const { status, text } = await patch(id, { metadata: { reviewed: true } });

    expect([status, text]).toEqual([204, ""]);
    const state = (await get(`/threads/${id}/state`)).json;
    expect(state.metadata).toMatchObject({ reviewed: true, source: "loop" });
    expect((await post(`/threads/${id}/history`, { metadata: { reviewed: true } })).json).toEqual([state]);
  });

  test("400, 404, 409 and 422", async () => {
    const id = await makeThread();
    const none = await patch(id, { metadata: {} });
    expect([none.status, none.text]).toEqual([400, `Thread ${id} has no state yet`]);
    expect((await patch(UNKNOWN, { metadata: {} })).status).toBe(404);
    expect((await patch(id, {})).text).toBe("metadata is required");
    expect((await patch(id, { metadata: { step: 1 } })).text).toBe("metadata.step is set by the server");
    await post(`/threads/${id}/runs`, { assistant_id: "counter", after_seconds: 1000 });
    expect((await patch(id, { metadata: {} })).text).toBe("Thread is busy");
  });
});

describe("a subgraph's state", () => {
  test("200: edited by hand, and its history read", async () => {
    const id = await ranOn("subgraph", { ask: true });
    const [task] = (await get(`/threads/${id}/state`)).json.tasks;
    const { checkpoint } = task;

    const { status, json } = await post(`/threads/${id}/state`, { values: { path: ["by hand"] }, checkpoint });

    expect(status).toBe(200);
    expect(json.checkpoint.checkpoint_ns).toBe(checkpoint.checkpoint_ns);
    const inner = (await post(`/threads/${id}/state/checkpoint`, { checkpoint })).json;
    expect(inner.values.path).toContain("by hand");
    const past = (await post(`/threads/${id}/history`, { checkpoint: { ...checkpoint, checkpoint_id: null } })).json;
    expect(past[0].checkpoint.checkpoint_id).toBe(inner.checkpoint.checkpoint_id);
    expect(past.length).toBeGreaterThan(1);
  });
});

describe("the thread's stream", () => {
  test("tells of an edit of the state, numbered among the runs", async () => {
    const id = await ranOn("counter", { log: ["in"], steps: 1 });
    await post(`/threads/${id}/state`, { values: { log: ["by hand"] }, as_node: "step" });

    const stop = new AbortController();
    const { body } = await fetch(`${server.url}/threads/${id}/stream?stream_mode=state_update`, {
      headers: { "last-event-id": "-" },
      signal: stop.signal,
    });
    const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.endsWith("\n\n")) text += (await reader.read()).value ?? "";
    stop.abort();

    const { checkpoint } = (await get(`/threads/${id}/state`)).json;
    const [news] = eventsIn(text);
    expect(news).toMatchObject({
      event: "state_update",
      data: { values: { log: ["in", "step 0", "by hand"] }, next: [], interrupts: [], checkpoint },
    });
    expect(Number(news!.id)).toBeGreaterThan(100_000_000);
  });
});
