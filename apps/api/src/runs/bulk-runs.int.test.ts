import type { RingConsumer } from "@graphfleet/domain";
import { openApi, type TestApi } from "../../test/open-api.js";
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

/** Holds until it is cancelled, or ends with its input. */
const perform: Perform = async ({ spec }, tape) => {
  tape.append({ event: "values", data: "{}" });
  if ((spec.input as { block?: boolean } | null)?.block === true) return await new Promise(() => undefined);
  return { values: spec.input };
};

const UNKNOWN = "11111111-2222-4333-8444-555555555555";
const LATER = { after_seconds: 1000 };
const get = (path: string) => server.call("GET", path);
const makeThread = async (): Promise<string> => (await server.call("POST", "/threads")).json.thread_id;

async function makeRun(threadId: string, body: object): Promise<string> {
  return (await server.call("POST", `/threads/${threadId}/runs`, { assistant_id: "agent", ...body })).json.run_id;
}

/** A run that executes, seen from its stream. */
async function running(threadId: string): Promise<string> {
  const run = await makeRun(threadId, { input: { block: true } });
  const leaving = new AbortController();
  const response = await fetch(`${server.url}/threads/${threadId}/runs/${run}/stream`, { signal: leaving.signal });
  await response.body!.getReader().read();
  leaving.abort();
  return run;
}

const statusOf = async (threadId: string, runId: string): Promise<string> =>
  (await get(`/threads/${threadId}/runs/${runId}`)).json.status;

describe("POST /runs/batch", () => {
  const batch = (body: unknown) => server.call("POST", "/runs/batch", body);

  test("200: runs in the order of the request, each on a thread of its own", async () => {
    const { status, json } = await batch(
      [0, 1, 2, 3].map((n) => ({ assistant_id: "agent", input: { n }, on_completion: "keep", ...LATER })),
    );

    expect(status).toBe(200);
    expect(json.map(({ kwargs }: { kwargs: { input: { n: number } } }) => kwargs.input.n)).toEqual([0, 1, 2, 3]);
    expect(new Set(json.map(({ thread_id }: { thread_id: string }) => thread_id)).size).toBe(4);
    expect(json[0]).toMatchObject({ status: "pending", kwargs: { temporary: false } });
  });

  test("200: members as the JS SDK sends them", async () => {
    const { json } = await batch([
      {
        assistantId: "agent",
        assistant_id: "agent",
        streamMode: "updates",
        afterSeconds: 1000,
        checkpointDuring: false,
      },
    ]);
    expect(json[0].kwargs).toMatchObject({ stream_mode: ["updates"], durability: "exit", temporary: true });
  });

  test("404 and 422: one wrong request, and none is taken", async () => {
    const before = (await server.ledger.storage.runs.counts()).pending;
    const good = { assistant_id: "agent", ...LATER };

    const unknown = await batch([good, { assistant_id: "nope" }]);
    expect([unknown.status, unknown.text]).toEqual([404, expect.stringContaining('No assistant found for "nope"')]);
    const wrong = await batch([good, { ...good, stream_mode: "nope" }]);
    expect([wrong.status, wrong.text]).toEqual([422, expect.stringMatching(/^1\.stream_mode\.0 must be one of/)]);

    expect((await server.ledger.storage.runs.counts()).pending).toBe(before);
  });

  test.each([
    ["request body must NOT have fewer than 1 items", []],
    ["request body must be array", { assistant_id: "agent" }],
    ["0 must be object", [7]],
    ["0.assistant_id is required", [{}]],
  ])("422: %s", async (message, body) => {
    const { status, text } = await batch(body);
    expect([status, text]).toEqual([422, message]);
  });
});

describe("POST /runs/cancel with run_ids", () => {
  const cancel = (body: unknown, query = "") => server.call("POST", `/runs/cancel${query}`, body);

  test("204: those runs, and no others", async () => {
    const id = await makeThread();
    const [active, second, third] = [await running(id), await makeRun(id, LATER), await makeRun(id, LATER)];

    const { status, text } = await cancel({ thread_id: id, run_ids: [active, second, UNKNOWN] });

    expect([status, text]).toEqual([204, ""]);
    await get(`/threads/${id}/runs/${active}/join`);
    expect(await Promise.all([active, second, third].map((run) => statusOf(id, run!)))).toEqual([
      "interrupted",
      "interrupted",
      "pending",
    ]);
    expect((await get(`/threads/${id}`)).json.status).toBe("busy");
    await cancel({ thread_id: id, run_ids: [third] });
    expect((await get(`/threads/${id}`)).json.status).toBe("idle");
  });

  test("204: rollback removes them, also those that are over", async () => {
    const id = await makeThread();
    const over = await makeRun(id, { input: {} });
    await get(`/threads/${id}/runs/${over}/join`);
    const waiting = await makeRun(id, LATER);

    expect((await cancel({ thread_id: id, run_ids: [over, waiting] }, "?action=rollback")).status).toBe(204);
    expect((await get(`/threads/${id}/runs`)).json).toEqual([]);
  });

  test("204: again, when they are over", async () => {
    const id = await makeThread();
    const run = await makeRun(id, LATER);
    const request = { thread_id: id, run_ids: [run], status: null };
    expect([(await cancel(request)).status, (await cancel(request)).status]).toEqual([204, 204]);
  });

  test("404: no such thread, none of the runs", async () => {
    const [id, other] = [await makeThread(), await makeThread()];
    const theirs = await makeRun(other, LATER);

    const thread = await cancel({ thread_id: UNKNOWN, run_ids: [theirs] });
    expect([thread.status, thread.text]).toEqual([404, `Thread with ID ${UNKNOWN} not found`]);
    const run = await cancel({ thread_id: id, run_ids: [theirs] });
    expect([run.status, run.text]).toEqual([404, "Run not found"]);
    expect(await statusOf(other, theirs)).toBe("pending");
  });

  test.each([
    [{}, "", "request body must have either status, or thread_id and run_ids"],
    [{ status: "all", thread_id: UNKNOWN, run_ids: [UNKNOWN] }, "", "request body must have either status"],
    [{ thread_id: UNKNOWN }, "", "request body must have either status"],
    [{ status: "success" }, "", "status must be one of: pending, running, all"],
    [{ thread_id: UNKNOWN, run_ids: ["x"] }, "", "run_ids.0 must be a UUID"],
    [{ thread_id: UNKNOWN, run_ids: [] }, "", "run_ids must NOT have fewer than 1 items"],
    [{ status: "all" }, "?action=explode", "action must be one of: interrupt, rollback"],
  ])("422: %j%s", async (body, query, message) => {
    const { status, text } = await cancel(body, query);
    expect([status, text.slice(0, message.length)]).toEqual([422, message]);
  });
});

describe("POST /runs/cancel with a status", () => {
  const cancelAll = (status: string, query = "") => server.call("POST", `/runs/cancel${query}`, { status });

  test("204: pending leaves alone what executes, running what waits, all takes both", async () => {
    await cancelAll("all");
    const threads = await Promise.all(Array.from({ length: 3 }, makeThread));
    const active = await Promise.all(threads.map(running));
    const waiting = await Promise.all(threads.map((id) => makeRun(id, LATER)));
    const statuses = (runs: readonly string[]) => Promise.all(runs.map((run, i) => statusOf(threads[i]!, run)));

    expect((await cancelAll("pending")).status).toBe(204);
    expect(await statuses(waiting)).toEqual(["interrupted", "interrupted", "interrupted"]);
    expect(await statuses(active)).toEqual(["running", "running", "running"]);

    const more = await Promise.all(threads.map((id) => makeRun(id, LATER)));
    await cancelAll("running");
    await Promise.all(active.map((run, i) => get(`/threads/${threads[i]}/runs/${run}/join`)));
    expect(await statuses(active)).toEqual(["interrupted", "interrupted", "interrupted"]);
    expect(await statuses(more)).toEqual(["pending", "pending", "pending"]);

    expect((await cancelAll("all", "?action=rollback")).status).toBe(204);
    expect((await get(`/threads/${threads[0]}/runs?status=pending`)).json).toEqual([]);
    expect((await get(`/threads/${threads[0]}`)).json.status).toBe("idle");
    expect((await cancelAll("all")).status).toBe(204);
  });
});
