import { openGraphServer } from "../../test/graph-server.js";
import { eventsIn } from "../../test/read-sse.js";

// The real engine: a past that was replayed or copied is one that graphs go on from.

const server = await openGraphServer();
const { get, post, makeThread, ranOn } = server;
afterAll(() => server.close());

describe("POST /threads with supersteps", () => {
  interface State {
    readonly next: unknown;
    readonly values: unknown;
  }
  const shape = async (id: string) =>
    (await post(`/threads/${id}/history`, { limit: 100 })).json.map(({ next, values }: State) => ({ next, values }));
  const graph = { metadata: { graph_id: "counter" } };

  test("200: a history replayed is the history it came from", async () => {
    const input = { log: ["in"], steps: 2 };
    const id = await makeThread();
    const body = { assistant_id: "counter", input, stream_mode: "updates" };
    const updates = eventsIn((await post(`/threads/${id}/runs/stream`, body)).text).filter(
      ({ event }) => event === "updates",
    );
    expect(updates.length).toBeGreaterThan(2);

    const { status, json } = await post("/threads", {
      ...graph,
      supersteps: [
        { updates: [{ values: input, as_node: "__input__", command: null }] },
        { updates: [{ values: input, as_node: "__start__" }] },
        ...updates.map(({ data }) => ({
          updates: Object.entries(data as object).map(([as_node, values]) => ({ as_node, values: values as unknown })),
        })),
      ],
    });

    expect(status).toBe(200);
    expect(await shape(json.thread_id)).toEqual(await shape(id));
    expect(json).toMatchObject({ status: "idle", values: { log: ["in", "step 0", "step 1"] } });
    expect(json.state_updated_at).not.toBeNull();
  });

  test("200: takes commands; a thread that exists is left as it is", async () => {
    const input = { log: ["in"], steps: 5 };
    const supersteps = [
      { updates: [{ values: input, as_node: "__input__" }] },
      { updates: [{ values: input, as_node: "__start__" }] },
      { updates: [{ command: { update: { log: ["by command"] }, goto: "step" }, as_node: "begin" }] },
    ];
    const { json } = await post("/threads", { ...graph, supersteps });
    expect(json.values.log).toEqual(["in", "by command"]);

    const again = { thread_id: json.thread_id, ...graph, supersteps };
    expect((await post("/threads", again)).status).toBe(409);
    expect((await post("/threads", { ...again, if_exists: "do_nothing" })).json).toEqual(json);
    expect(await shape(json.thread_id)).toHaveLength(3);
  });

  test("400, 404 and 422", async () => {
    const id = "22222222-2222-4333-8444-555555555555";
    const one = (update: object) => ({ supersteps: [{ updates: [update] }] });
    const none = await post("/threads", { thread_id: id, ...one({ values: {}, as_node: "__input__" }) });
    expect([none.status, none.text]).toEqual([400, `Thread ${id} has no graph ID`]);
    const unknown = { metadata: { graph_id: "nope" }, ...one({ values: {}, as_node: "__input__" }) };
    expect((await post("/threads", unknown)).status).toBe(404);
    expect((await post("/threads", { ...graph, ...one({ values: {} }) })).text).toBe(
      "supersteps.0.updates.0.as_node is required",
    );
    expect((await post("/threads", { ...graph, ...one({ values: {}, as_node: "nope" }) })).status).toBe(422);
    expect((await post("/threads", { ...graph, supersteps: [{ updates: [] }] })).status).toBe(422);
    expect((await get(`/threads/${id}`)).status).toBe(404);
  });
});

describe("POST /threads/:thread_id/copy", () => {
  interface State {
    readonly metadata: object;
    readonly checkpoint: object;
    readonly parent_checkpoint: object | null;
  }
  const history = async (id: string) => (await post(`/threads/${id}/history`, { limit: 100 })).json;
  const renamed = (state: State, thread_id: string) => ({
    ...state,
    metadata: { ...state.metadata, thread_id },
    checkpoint: { ...state.checkpoint, thread_id },
    parent_checkpoint: state.parent_checkpoint && { ...state.parent_checkpoint, thread_id },
  });

  test("200: the same state and history under another name, and a future of its own", async () => {
    const id = await ranOn("counter", { log: ["in"], steps: 1 });
    const before = await history(id);

    const { json } = await post(`/threads/${id}/copy`);
    const copy = json.thread_id;

    expect(await history(copy)).toEqual(before.map((state: State) => renamed(state, copy)));
    expect((await get(`/threads/${copy}/state`)).json).toEqual(renamed((await get(`/threads/${id}/state`)).json, copy));
    expect(json).toMatchObject({ status: "idle", values: { log: ["in", "step 0"] }, metadata: { thread_id: copy } });

    await post(`/threads/${copy}/runs/wait`, { assistant_id: "counter", input: { log: ["more"], steps: 1 } });
    await post(`/threads/${copy}/state`, { values: { log: ["by hand"] }, as_node: "step" });
    expect(await history(id)).toEqual(before);
    expect((await get(`/threads/${id}/runs`)).json).toHaveLength(1);
  });

  test("200: a copy of a thread that waits for an answer can be answered", async () => {
    const id = await ranOn("interrupting", { questions: ["Sure?"] });
    const copy = (await post(`/threads/${id}/copy`)).json;
    expect(copy.status).toBe("interrupted");
    expect(copy.interrupts).toEqual((await get(`/threads/${id}`)).json.interrupts);

    await post(`/threads/${copy.thread_id}/runs/wait`, { assistant_id: "interrupting", command: { resume: "yes" } });

    expect((await get(`/threads/${copy.thread_id}`)).json).toMatchObject({ status: "idle", interrupts: {} });
    expect((await get(`/threads/${id}`)).json.status).toBe("interrupted");
  });
});
