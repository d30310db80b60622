import type { RingConsumer } from "@graphfleet/domain";
import { openApi, type TestApi } from "../../test/open-api.js";
import { eventsIn } from "../../test/read-sse.js";
import { type Perform, startTestWorker } from "../../test/test-worker.js";

let server: TestApi;
let worker: RingConsumer;
beforeAll(async () => {
  server = await openApi();
  worker = startTestWorker(server, perform);
});
afterAll(async () => {
  await worker.close();
  await server.close();
});

const UNKNOWN = "11111111-2222-4333-8444-555555555555";
const SYSTEM_AGENT = "fe096781-5601-53d2-b2f6-0d3403f7e9ca";

/** Does what the input says: fails, waits until it is cancelled, or says it back in all modes. */
const perform: Perform = async ({ spec }, tape) => {
  const input = (spec.input ?? {}) as { fail?: boolean; block?: boolean };
  if (input.block === true) return await new Promise(() => undefined);
  if (input.fail === true) return { error: { error: "CustomError", message: "Boo!" } };
  for (const mode of spec.streamModes) tape.append({ event: mode, data: JSON.stringify(input) });
  return { values: input };
};

async function makeThread(): Promise<string> {
  return (await server.call("POST", "/threads")).json.thread_id;
}

const agent = (more: object = {}) => ({ assistant_id: "agent", ...more });
const get = (path: string) => server.call("GET", path);

describe("POST /threads/:thread_id/runs", () => {
  test("200: a pending run, whose address is in Content-Location", async () => {
    const id = await makeThread();

    const { status, json, headers } = await server.call("POST", `/threads/${id}/runs`, {
      ...agent({
        input: { a: 1 },
        metadata: { k: 1 },
        config: { tags: ["t"], configurable: { c: 1 } },
        webhook: "/hook",
      }),
      multitask_strategy: "reject",
      after_seconds: 3600,
    });

    expect(status).toBe(200);
    expect(headers.get("content-location")).toBe(`/threads/${id}/runs/${json.run_id}`);
    expect(json).toEqual({
      run_id: expect.stringMatching(/^[\da-f-]{36}$/),
      thread_id: id,
      assistant_id: SYSTEM_AGENT,
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
      status: "pending",
      metadata: { created_by: "system", graph_id: "agent", assistant_id: SYSTEM_AGENT, k: 1 },
      multitask_strategy: "reject",
      kwargs: {
        input: { a: 1 },
        config: {
          tags: ["t"],
          configurable: expect.objectContaining({
            c: 1,
            run_id: json.run_id,
            thread_id: id,
            graph_id: "agent",
            assistant_id: SYSTEM_AGENT,
            "user-agent": "node",
          }),
          metadata: expect.objectContaining({ k: 1 }),
        },
        context: {},
        stream_mode: ["values"],
        webhook: "/hook",
        temporary: false,
        subgraphs: false,
        resumable: false,
      },
    });
    expect((await get(`/threads/${id}`)).json).toMatchObject({
      status: "busy",
      metadata: { graph_id: "agent", assistant_id: SYSTEM_AGENT },
    });
  });

  test("200: headers become settings of the run, secrets and identities do not", async () => {
    const id = await makeThread();
    const { json } = await server.call(
      "POST",
      `/threads/${id}/runs`,
      agent({ config: { configurable: { langgraph_auth_user_id: "root" } } }),
      { "X-Configurable-Header": "yes", "X-Api-Key": "secret", Authorization: "secret" },
    );

    expect(json.kwargs.config.configurable).toMatchObject({ "x-configurable-header": "yes" });
    expect(JSON.stringify(json)).not.toMatch(/secret|root/);
    expect((await get(`/threads/${id}`)).json.config.configurable).toEqual({});
  });

  test("200: all the forms that clients send", async () => {
    const id = await makeThread();
    const { status, json } = await server.call("POST", `/threads/${id}/runs`, {
      ...agent({ assistant_id: SYSTEM_AGENT, input: null, command: null, config: null, context: null, metadata: null }),
      checkpoint: { thread_id: UNKNOWN, checkpoint_id: null, checkpoint_ns: "", checkpoint_map: null },
      stream_mode: "updates",
      interrupt_before: "*",
      interrupt_after: ["a"],
      feedback_keys: "one",
      on_completion: "complete",
      checkpoint_during: false,
      langsmith_tracer: { project_name: "p", example_id: null },
      after_seconds: 1000.5,
      assistantId: "camel",
    });

    expect(status).toBe(200);
    expect(json.kwargs).toMatchObject({
      input: null,
      stream_mode: ["updates"],
      interrupt_before: "*",
      interrupt_after: ["a"],
      feedback_keys: ["one"],
      durability: "exit",
    });
    expect(json.kwargs.config.configurable).toMatchObject({
      thread_id: id,
      checkpoint_ns: "",
      langsmith_project: "p",
    });
    expect(json.kwargs).not.toHaveProperty("command");
  });

  test("200: a command replaces the input", async () => {
    const id = await makeThread();
    const command = { resume: { a: null }, goto: [{ node: "n", input: 1 }, "m"], update: [["k", null]] };
    const { json } = await server.call("POST", `/threads/${id}/runs`, agent({ command, after_seconds: 1000 }));
    expect(json.kwargs.command).toEqual(command);
  });

  test("200: if_not_exists makes the thread", async () => {
    const id = UNKNOWN.replaceAll("1", "b");
    const { status } = await server.call("POST", `/threads/${id}/runs`, agent({ if_not_exists: "create" }));
    expect(status).toBe(200);
    expect((await get(`/threads/${id}`)).json.metadata).toMatchObject({ graph_id: "agent" });
  });

  test("404: no such assistant, no such thread", async () => {
    const id = await makeThread();
    const assistant = await server.call("POST", `/threads/${id}/runs`, { assistant_id: "nope" });
    expect([assistant.status, assistant.text]).toEqual([
      404,
      'No assistant found for "nope". Make sure the assistant ID is for a valid assistant or a valid graph ID.',
    ]);
    const thread = await server.call("POST", `/threads/${UNKNOWN}/runs`, agent());
    expect([thread.status, thread.text]).toEqual([404, `Thread with ID ${UNKNOWN} not found`]);
  });

  test("409: the thread is busy and the client does not want to wait", async () => {
    const id = await makeThread();
    await server.call("POST", `/threads/${id}/runs`, agent({ after_seconds: 1000 }));

    const { status, text } = await server.call("POST", `/threads/${id}/runs`, agent({ multitask_strategy: "reject" }));

    expect(status).toBe(409);
    expect(text).toBe(
      "Thread is already running a task. Wait for it to finish or choose a different multitask strategy.",
    );
  });

  test.each([
    ["assistant_id is required", {}],
    ["stream_mode.0 must be one of: values, messages", agent({ stream_mode: "nope" })],
    ["config.recursion_limit must be >= 1", agent({ config: { recursion_limit: 0 } })],
    ["multitask_strategy must be one of:", agent({ multitask_strategy: "nope" })],
    ["after_seconds must be >= 0", agent({ after_seconds: -1 })],
    ["after_seconds must be <=", agent({ after_seconds: 1e300 })],
    ["command.goto must be a node name", agent({ command: { goto: 7 } })],
    ['interrupt_before must be "*" or a list of node names', agent({ interrupt_before: 7 })],
    ["webhook must be a valid uri-reference", agent({ webhook: "http://[" })],
  ])("422: %s", async (message, body) => {
    const id = await makeThread();
    const { status, text } = await server.call("POST", `/threads/${id}/runs`, body);
    expect([status, text.slice(0, message.length)]).toEqual([422, message]);
  });
});

describe("POST /threads/:thread_id/runs/stream", () => {
  test("200: the events of the modes asked for, numbered from 0", async () => {
    const id = await makeThread();
    const body = agent({ input: { a: 1 }, stream_mode: ["values", "updates"] });

    const { status, headers, text } = await server.call("POST", `/threads/${id}/runs/stream`, body);

    const run = headers.get("content-location")?.split("/").at(-1);
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/event-stream");
    expect(headers.get("location")).toBe(`/threads/${id}/runs/${run}/stream`);
    expect(text).toBe(
      [
        `event: metadata\ndata: {"run_id":"${run}","attempt":1}\nid: 0\n\n`,
        'event: values\ndata: {"a":1}\nid: 1\n\n',
        'event: updates\ndata: {"a":1}\nid: 2\n\n',
      ].join(""),
    );
    expect((await get(`/threads/${id}/runs/${run}`)).json.status).toBe("success");
    expect((await get(`/threads/${id}`)).json).toMatchObject({ status: "idle", values: { a: 1 } });
  });

  test("200: an error is the last event", async () => {
    const id = await makeThread();
    const { headers, text } = await server.call("POST", `/threads/${id}/runs/stream`, agent({ input: { fail: true } }));

    expect(eventsIn(text).at(-1)).toEqual({
      event: "error",
      data: { error: "CustomError", message: "Boo!" },
      id: "1",
    });
    expect((await get(headers.get("content-location")!)).json.status).toBe("error");
    expect((await get(`/threads/${id}`)).json).toMatchObject({
      status: "error",
      error: { error: "CustomError", message: "Boo!" },
    });
  });

  test("404 before anything is streamed", async () => {
    const { status, headers } = await server.call("POST", `/threads/${UNKNOWN}/runs/stream`, agent());
    expect(status).toBe(404);
    expect(headers.get("content-type")).toMatch(/^text\/plain/);
  });
});

describe("POST /threads/:thread_id/runs/wait", () => {
  test("200: the final values, as JSON", async () => {
    const id = await makeThread();
    const { headers, json } = await server.call("POST", `/threads/${id}/runs/wait`, agent({ input: { a: 1 } }));

    const path = headers.get("content-location");
    expect(json).toEqual({ a: 1 });
    expect(headers.get("content-type")).toBe("application/json");
    expect(headers.get("location")).toBe(`${path}/join`);
  });

  test("200: the error of a run that failed", async () => {
    const id = await makeThread();
    const { status, json } = await server.call("POST", `/threads/${id}/runs/wait`, agent({ input: { fail: true } }));
    expect([status, json]).toEqual([200, { __error__: { error: "CustomError", message: "Boo!" } }]);
  });

  test("200: an object even when the run was cancelled before it said anything", async () => {
    const id = await makeThread();
    const waiting = server.call("POST", `/threads/${id}/runs/wait`, agent({ input: { block: true } }));
    const run = await firstRun(id);
    expect((await server.call("POST", `/threads/${id}/runs/${run}/cancel?wait=1`)).status).toBe(204);
    expect((await waiting).json).toEqual({});
  });
});

describe("POST /runs, /runs/stream and /runs/wait", () => {
  test("200: a run without a thread to speak of", async () => {
    const waited = await server.call("POST", "/runs/wait", agent({ input: { a: 1 } }));
    expect(waited.json).toEqual({ a: 1 });
    expect(waited.headers.get("content-location")).toMatch(/^\/runs\/[\da-f-]{36}$/);

    const streamed = await server.call("POST", "/runs/stream", agent({ input: { a: 1 } }));
    expect(eventsIn(streamed.text).map(({ event, id }) => [event, id])).toEqual([
      ["metadata", "0"],
      ["values", "1"],
    ]);
    expect(streamed.headers.get("location")).toBe(`${streamed.headers.get("content-location")}/stream`);

    const started = await server.call("POST", "/runs", agent({ after_seconds: 1000 }));
    expect(started.headers.get("content-location")).toBe(`/runs/${started.json.run_id}`);
    expect(started.json.kwargs.temporary).toBe(true);
  });

  test("200: its thread is nobody's to see, unless it is to be kept", async () => {
    const gone = await server.call("POST", "/runs/stream", agent({ input: { a: 1 } }));
    const run = gone.headers.get("content-location")!.split("/").at(-1)!;
    const row = await server.ledger.storage.runs.find(run as never);
    expect((await get(`/threads/${row!.threadId}`)).status).toBe(404);
    expect((await get(`/threads/${row!.threadId}/runs/${run}`)).status).toBe(404);

    const kept = await server.call("POST", "/runs/wait", agent({ input: { a: 1 }, on_completion: "keep" }));
    const keptRun = await server.ledger.storage.runs.find(
      kept.headers.get("content-location")!.split("/").at(-1) as never,
    );
    expect((await get(`/threads/${keptRun!.threadId}`)).json).toMatchObject({ status: "idle", values: { a: 1 } });
  });
});

describe("on_disconnect", () => {
  test.each(["stream", "wait"])("cancel: a client of %s that leaves takes its run along", async (door) => {
    const id = await makeThread();
    const body = agent({ input: { block: true }, on_disconnect: "cancel" });
    await leaveAfterHeaders(`/threads/${id}/runs/${door}`, body);

    const run = await firstRun(id);
    await server.call("GET", `/threads/${id}/runs/${run}/join`);
    expect((await get(`/threads/${id}/runs/${run}`)).json.status).toBe("interrupted");
    expect((await get(`/threads/${id}`)).json.status).toBe("idle");
  });

  test("continue, the default: the run goes on", async () => {
    const id = await makeThread();
    await server.call("POST", `/threads/${id}/runs`, agent({ after_seconds: 1000 }));
    await leaveAfterHeaders(`/threads/${id}/runs/stream`, agent({ after_seconds: 1000 }));

    const runs = await get(`/threads/${id}/runs`);
    expect(runs.json.map(({ status }: { status: string }) => status)).toEqual(["pending", "pending"]);
  });
});

describe("on_disconnect of a server whose default is cancel", () => {
  test("a client that does not say takes its run along, one that says continue does not", async () => {
    const other = await openApi({ onDisconnect: "cancel" });
    const others = startTestWorker(other, perform);
    try {
      const id = (await other.call("POST", "/threads")).json.thread_id as string;
      const post = async (body: object) => {
        const leaving = new AbortController();
        const init = { method: "POST", body: JSON.stringify(body), signal: leaving.signal };
        const { headers } = await fetch(`${other.url}/threads/${id}/runs/stream`, init);
        leaving.abort();
        return headers.get("content-location")!;
      };

      const first = await post(agent({ input: { block: true } }));
      await other.call("GET", `${first}/join`);
      expect((await other.call("GET", first)).json.status).toBe("interrupted");

      const second = await post(agent({ on_disconnect: "continue" }));
      await other.call("GET", `${second}/join`);
      expect((await other.call("GET", second)).json.status).toBe("success");
    } finally {
      await others.close();
      await other.close();
    }
  });
});

async function leaveAfterHeaders(path: string, body: object): Promise<void> {
  const leaving = new AbortController();
  await fetch(`${server.url}${path}`, { method: "POST", body: JSON.stringify(body), signal: leaving.signal });
  leaving.abort();
}

/** The newest run of the thread, as soon as there is one. */
async function firstRun(threadId: string): Promise<string> {
  for (;;) {
    const { json } = await get(`/threads/${threadId}/runs`);
    if (json.length > 0) return json[0].run_id;
  }
}
