import { asThreadId, type RingConsumer } from "@graphfleet/domain";
import { openApi, type TestApi } from "../../test/open-api.js";
import { eventsIn } from "../../test/read-sse.js";
import { type Perform, startTestWorker } from "../../test/test-worker.js";

let server: TestApi;
let worker: RingConsumer;
/** Lets a run that holds go on; by the name in its input. */
const gates = new Map<string, () => void>();

beforeAll(async () => {
  server = await openApi();
  worker = startTestWorker(server, perform);
});
afterAll(async () => {
  await worker.close();
  await server.close();
});

/** Says three events, then holds if its input names a gate, then says one more. */
const perform: Perform = async ({ spec }, tape) => {
  const { gate, fail } = spec.input as { gate?: string; fail?: boolean };
  tape.append({ event: "values", data: '{"step":0}' });
  tape.append({ event: "updates", data: '{"node":{"step":1}}' });
  tape.append({ event: "values", ns: ["child:1"], data: '{"step":1}' });
  if (gate !== undefined) {
    await tape.flush();
    await new Promise<void>((resolve) => {
      gates.set(gate, resolve);
    });
  }
  if (fail === true) return { error: { error: "CustomError", message: "Boo!" } };
  tape.append({ event: "messages", data: '[{"content":"hi"},{}]' });
  return { values: { step: 2 } };
};

const UNKNOWN = "11111111-2222-4333-8444-555555555555";
const MODES = ["values", "updates", "messages-tuple"];
const get = (path: string, headers?: Record<string, string>) => server.call("GET", path, undefined, headers);
const idsIn = (text: string) => eventsIn(text).map(({ id }) => id);

async function makeThread(): Promise<string> {
  return (await server.call("POST", "/threads")).json.thread_id;
}

/** A background run that is over; its path. */
async function finished(input: object = {}): Promise<string> {
  const path = await started(input);
  await get(`${path}/join`);
  return path;
}

async function started(input: object = {}, door = "runs"): Promise<string> {
  const id = await makeThread();
  const body = { assistant_id: "agent", input, stream_mode: MODES, stream_subgraphs: true };
  const { headers } = await server.call("POST", `/threads/${id}/${door}`, body);
  return headers.get("content-location")!;
}

/** A run that has said three events and holds; and how to let it go on. */
async function holding(): Promise<{ path: string; release: () => void }> {
  const gate = crypto.randomUUID();
  const path = await started({ gate });
  const threadId = asThreadId(path.split("/")[2]!);
  const enough = new AbortController();
  let events = 0;
  for await (const heard of server.bus.read(threadId, { after: 0, signal: enough.signal })) {
    if (heard.kind === "entry" && heard.entry.n >= 0) events += 1;
    if (events === 4) break;
  }
  return { path, release: () => gates.get(gate)?.() };
}

describe("GET /threads/:thread_id/runs/:run_id/join", () => {
  test("200: the final values, of a run that goes on and of one that is over", async () => {
    const { path, release } = await holding();
    const joiners = [get(`${path}/join`), get(`${path}/join`)];
    release();

    for (const { json, headers } of await Promise.all(joiners)) {
      expect(json).toEqual({ step: 2 });
      expect(headers.get("location")).toBe(`${path}/join`);
    }
    expect((await get(`${path}/join`)).json).toEqual({ step: 2 });
  });

  test("200: the error of a run that failed", async () => {
    const path = await finished({ fail: true });
    const { status, json } = await get(`${path}/join`);
    expect([status, json]).toEqual([200, { __error__: { error: "CustomError", message: "Boo!" } }]);
  });

  test("404 and 422", async () => {
    const id = await makeThread();
    expect((await get(`/threads/${id}/runs/${UNKNOWN}/join`)).text).toBe("Run not found");
    expect((await get(`/threads/${UNKNOWN}/runs/${UNKNOWN}/join`)).text).toBe(`Thread with ID ${UNKNOWN} not found`);
    expect((await get(`/threads/${id}/runs/nope/join`)).text).toBe("run_id must be a UUID");
    const elsewhere = (await finished()).split("/").at(-1);
    expect((await get(`/threads/${id}/runs/${elsewhere}/join`)).status).toBe(404);
  });
});

describe("GET /threads/:thread_id/runs/:run_id/stream", () => {
  test("200: what was said so far, then what comes; the same for every reader", async () => {
    const { path, release } = await holding();
    const readers = [get(`${path}/stream`), get(`${path}/stream`)];
    release();

    for (const { text, headers } of await Promise.all(readers)) {
      expect(eventsIn(text).map(({ event }) => event)).toEqual([
        "metadata",
        "values",
        "updates",
        "values|child:1",
        "messages",
      ]);
      expect(idsIn(text)).toEqual(["0", "1", "2", "3", "4"]);
      expect(headers.get("location")).toBe(`${path}/stream`);
      expect(headers.get("content-location")).toBeNull();
    }
  });

  test.each([
    ["-1", ["0", "1", "2", "3", "4"]],
    ["1", ["2", "3", "4"]],
    ["3", ["4"]],
    ["57", ["4"]],
    ["garbage", ["4"]],
  ])("200: a run that goes on, after %s", async (last, expected) => {
    const { path, release } = await holding();
    const reading = await fetch(`${server.url}${path}/stream`, { headers: { "last-event-id": last } });
    release();
    expect(idsIn(await reading.text())).toEqual(expected);
  });

  test.each([
    [undefined, ["0", "1", "2", "3", "4"]],
    ["-1", ["0", "1", "2", "3", "4"]],
    ["2", ["3", "4"]],
    ["4", []],
    ["57", []],
    ["garbage", []],
  ])("200: a background run that is over, after %s", async (last, expected) => {
    const path = await finished();
    const { text } = await get(`${path}/stream`, last === undefined ? {} : { "last-event-id": last });
    expect(idsIn(text)).toEqual(expected);
  });

  test("200: a run that its creator has read is over for everybody who names no event", async () => {
    const id = await makeThread();
    const source = await server.call("POST", `/threads/${id}/runs/stream`, { assistant_id: "agent", input: {} });
    const path = source.headers.get("content-location")!;

    expect((await get(`${path}/stream`)).text).toBe("");
    expect((await get(`${path}/stream`, { "last-event-id": "-1" })).text).toBe(source.text);
  });

  test("200: only the modes asked for, in all encodings; an empty one asks for nothing special", async () => {
    const path = await finished();
    const events = async (query: string) => eventsIn((await get(`${path}/stream?${query}`)).text).map((e) => e.event);

    expect(await events("stream_mode=updates")).toEqual(["metadata", "updates"]);
    expect(await events("stream_mode=updates&stream_mode=values")).toEqual([
      "metadata",
      "values",
      "updates",
      "values|child:1",
    ]);
    expect(await events('stream_mode=["messages-tuple"]')).toEqual(["metadata", "messages"]);
    expect(await events("stream_mode=")).toHaveLength(5);
  });

  test("200: a failed run ends with its error", async () => {
    const path = await finished({ fail: true });
    expect(eventsIn((await get(`${path}/stream`)).text).at(-1)).toMatchObject({
      event: "error",
      data: { error: "CustomError", message: "Boo!" },
    });
  });

  test("404: unknown run", async () => {
    const id = await makeThread();
    const { status, text } = await get(`/threads/${id}/runs/${UNKNOWN}/stream`);
    expect([status, text]).toEqual([404, "Run not found"]);
  });
});

describe("cancel_on_disconnect", () => {
  test.each(["join", "stream"])("1: a client of %s that leaves takes the run along", async (door) => {
    const { path } = await holding();
    const leaving = new AbortController();
    await fetch(`${server.url}${path}/${door}?cancel_on_disconnect=1`, { signal: leaving.signal });
    leaving.abort();

    await get(`${path}/join`);
    expect((await get(path)).json.status).toBe("interrupted");
  });

  test("0: it does not", async () => {
    const { path, release } = await holding();
    const leaving = new AbortController();
    await fetch(`${server.url}${path}/stream?cancel_on_disconnect=0`, { signal: leaving.signal });
    leaving.abort();
    release();

    await get(`${path}/join`);
    expect((await get(path)).json.status).toBe("success");
  });
});

describe("GET /runs/:run_id/join and /stream", () => {
  test("200: a stateless run, also for a client that comes back when it is over", async () => {
    const body = { assistant_id: "agent", input: {} };
    const source = await server.call("POST", "/runs/stream", body);
    const path = source.headers.get("content-location")!;

    expect((await get(`${path}/stream`, { "last-event-id": "1" })).text).toBe(
      source.text.slice(source.text.indexOf("event: values|child:1")),
    );
    expect((await get(`${path}/join`)).json).toEqual({ step: 2 });
    expect((await get(`${path}/join`)).headers.get("location")).toBe(`${path}/join`);
  });

  test("an unknown run: an empty stream, but nothing to wait for", async () => {
    const streamed = await get(`/runs/${UNKNOWN}/stream`);
    expect([streamed.status, streamed.text, streamed.headers.get("content-type")]).toEqual([
      200,
      "",
      "text/event-stream",
    ]);
    expect((await get(`/runs/${UNKNOWN}/join`)).text).toBe("Run not found");
  });
});

describe("a run that nobody can finish", () => {
  test("200: whoever reads its stream hears why it failed", async () => {
    const id = await makeThread();
    const { json } = await server.call("POST", `/threads/${id}/runs`, { assistant_id: "agent", after_seconds: 1000 });
    const reading = await fetch(`${server.url}/threads/${id}/runs/${json.run_id}/stream`);
    await server.ledger.db
      .updateTable("runs")
      .set({
        status: "error",
        ended_at: new Date(),
        error: { error: "MaxAttemptsExceeded", message: "x" },
      })
      .where("run_id", "=", json.run_id)
      .execute();
    await server.bus.poke(asThreadId(id));

    expect(await reading.text()).toBe('event: error\ndata: {"error":"MaxAttemptsExceeded","message":"x"}\n\n');
    expect((await get(`/threads/${id}/runs/${json.run_id}/stream`)).text).toBe("");
  });
});
