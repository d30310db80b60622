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

const QUESTION = { task: [{ id: "q", value: "why?" }] };

/** Holds until it is cancelled, fails, asks, stops at a breakpoint, or says nothing and ends. */
const perform: Perform = async ({ spec }, tape) => {
  tape.append({ event: "values", data: "{}" });
  if ((spec.input as { block?: boolean }).block === true) return await new Promise(() => undefined);
  if ((spec.input as { fail?: boolean }).fail === true) return { error: { error: "CustomError", message: "Boo!" } };
  if ((spec.input as { ask?: boolean }).ask === true)
    return { values: { asked: true }, paused: true, interrupts: QUESTION };
  if ((spec.input as { pause?: boolean }).pause === true) return { values: { asked: true }, paused: true };
  return { values: spec.input };
};

const UNKNOWN = "11111111-2222-4333-8444-555555555555";
const LATER = { assistant_id: "agent", after_seconds: 1000 };
const get = (path: string) => server.call("GET", path);

async function makeThread(): Promise<string> {
  return (await server.call("POST", "/threads")).json.thread_id;
}

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

describe("GET /threads/:thread_id/runs", () => {
  test("200: newest first, paged, filtered, selected", async () => {
    const id = await makeThread();
    const runs: string[] = [];
    for (const n of [1, 2, 3]) runs.push(await makeRun(id, { ...LATER, metadata: { n } }));
    const list = async (query: string) => (await get(`/threads/${id}/runs?${query}`)).json;
    const ids = async (query: string) => (await list(query)).map((run: { run_id: string }) => run.run_id);

    expect(await ids("")).toEqual(runs.toReversed());
    expect(await ids("limit=1&offset=1")).toEqual([runs[1]]);
    expect(await ids("status=running")).toEqual([]);
    expect(await ids("status=pending")).toHaveLength(3);
    expect(await ids(`metadata=${encodeURIComponent('{"n":2}')}`)).toEqual([runs[1]]);
    for (const select of ["select=run_id&select=status", 'select=["run_id","status"]', "select=run_id,status"]) {
      expect(Object.keys((await list(select))[0]).toSorted()).toEqual(["run_id", "status"]);
    }
  });

  test("404 and 422", async () => {
    const id = await makeThread();
    expect((await get(`/threads/${id}/runs`)).json).toEqual([]);
    expect((await get(`/threads/${UNKNOWN}/runs`)).text).toBe(`Thread with ID ${UNKNOWN} not found`);
    expect((await get(`/threads/${id}/runs?status=nope`)).status).toBe(422);
    expect((await get(`/threads/${id}/runs?limit=x`)).text).toBe("limit must be integer");
    expect((await get(`/threads/${id}/runs?select=nope`)).status).toBe(422);
  });
});

describe("GET /threads/:thread_id/runs/:run_id", () => {
  test("200, and 404 when it is another thread's", async () => {
    const [id, other] = [await makeThread(), await makeThread()];
    const run = await makeRun(id, LATER);

    expect((await get(`/threads/${id}/runs/${run}`)).json).toMatchObject({ run_id: run, status: "pending" });
    const elsewhere = await get(`/threads/${other}/runs/${run}`);
    expect([elsewhere.status, elsewhere.text]).toEqual([404, "Run not found"]);
    expect((await get(`/threads/${UNKNOWN}/runs/${run}`)).text).toBe(`Thread with ID ${UNKNOWN} not found`);
  });
});

describe("DELETE /threads/:thread_id/runs/:run_id", () => {
  test("204: a run that is over", async () => {
    const id = await makeThread();
    const run = await makeRun(id, { input: {} });
    await get(`/threads/${id}/runs/${run}/join`);

    expect((await server.call("DELETE", `/threads/${id}/runs/${run}`)).status).toBe(204);
    expect((await server.call("DELETE", `/threads/${id}/runs/${run}`)).status).toBe(404);
  });

  test("409: one that is not", async () => {
    const id = await makeThread();
    const run = await makeRun(id, LATER);
    const { status, text } = await server.call("DELETE", `/threads/${id}/runs/${run}`);
    expect([status, text]).toEqual([409, `Run ${run} is still active. Cancel it before deleting it.`]);
  });
});

describe("POST /threads/:thread_id/runs/:run_id/cancel", () => {
  const cancel = (id: string, run: string, query = "") =>
    server.call("POST", `/threads/${id}/runs/${run}/cancel${query}`);

  test("202: a waiting run is interrupted at once, and the thread is idle", async () => {
    const id = await makeThread();
    const run = await makeRun(id, LATER);

    const { status, text } = await cancel(id, run, "?wait=0&action=interrupt");

    expect([status, text]).toEqual([202, ""]);
    expect((await get(`/threads/${id}/runs/${run}`)).json.status).toBe("interrupted");
    expect((await get(`/threads/${id}`)).json.status).toBe("idle");
    expect((await get(`/threads/${id}/runs?status=interrupted`)).json).toHaveLength(1);
    expect((await cancel(id, run)).status).toBe(202);
  });

  test("204: a running one is over when the answer comes", async () => {
    const id = await makeThread();
    const run = await running(id);

    const { status, headers } = await cancel(id, run, "?wait=1");

    expect(status).toBe(204);
    expect(headers.get("location")).toBe(`/threads/${id}/runs/${run}/join`);
    expect((await get(`/threads/${id}/runs/${run}`)).json.status).toBe("interrupted");
    expect((await get(`/threads/${id}`)).json.status).toBe("idle");
  });

  test("204: rollback leaves nothing of it", async () => {
    const id = await makeThread();
    const [pending, active] = [await makeRun(id, LATER), await running(id)];

    expect((await cancel(id, pending, "?wait=true&action=rollback")).status).toBe(204);
    expect((await cancel(id, active, "?wait=true&action=rollback")).status).toBe(204);
    expect((await get(`/threads/${id}/runs`)).json).toEqual([]);
  });

  test.each([
    ["fail", { status: "error", error: { error: "CustomError" } }],
    ["ask", { status: "interrupted", error: null, interrupts: QUESTION, values: { asked: true } }],
    ["pause", { status: "interrupted", error: null, interrupts: {}, values: { asked: true } }],
    ["end", { status: "idle", error: null }],
  ])("a run that never started leaves its thread as it was: %s", async (what, left) => {
    const id = await makeThread();
    await get(`/threads/${id}/runs/${await makeRun(id, { input: { [what]: true } })}/join`);
    expect((await get(`/threads/${id}`)).json).toMatchObject(left);

    for (const action of ["interrupt", "rollback"]) {
      const [first, second] = [await makeRun(id, LATER), await makeRun(id, LATER)];
      await cancel(id, first, `?action=${action}`);
      expect((await get(`/threads/${id}`)).json.status).toBe("busy");
      await cancel(id, second, `?action=${action}`);
      expect((await get(`/threads/${id}`)).json).toMatchObject(left);
    }
  });

  test("a run that waited behind a failing one shows the failure when it is taken away", async () => {
    const id = await makeThread();
    const failing = await makeRun(id, { input: { fail: true } });
    const waiting = await makeRun(id, LATER);
    await get(`/threads/${id}/runs/${failing}/join`);

    await cancel(id, waiting);
    expect((await get(`/threads/${id}`)).json).toMatchObject({ status: "error", error: { error: "CustomError" } });
  });

  test("its stream ends without an error", async () => {
    const id = await makeThread();
    const run = await running(id);
    const reading = get(`/threads/${id}/runs/${run}/stream`);
    await cancel(id, run, "?wait=1");
    expect((await reading).text).not.toContain("event: error");
  });

  test("404 and 422", async () => {
    const id = await makeThread();
    expect((await cancel(id, UNKNOWN)).text).toBe("Run not found");
    expect((await cancel(id, UNKNOWN, "?action=explode")).text).toBe("action must be one of: interrupt, rollback");
    expect((await cancel(id, UNKNOWN, "?wait=perhaps")).text).toBe("wait must be boolean");
  });
});

describe("multitask_strategy", () => {
  test("enqueue: one after the other", async () => {
    const id = await makeThread();
    const first = await running(id);
    const second = await makeRun(id, { input: { n: 2 }, multitask_strategy: "enqueue" });
    expect((await get(`/threads/${id}/runs/${second}`)).json.status).toBe("pending");

    await server.call("POST", `/threads/${id}/runs/${first}/cancel?wait=1`);

    expect((await get(`/threads/${id}/runs/${second}/join`)).json).toEqual({ n: 2 });
  });

  test.each([
    ["interrupt", 200],
    ["rollback", 404],
  ])("%s: the new run takes the place of the others", async (strategy, status) => {
    const id = await makeThread();
    const old = await running(id);

    const waited = await server.call("POST", `/threads/${id}/runs/wait`, {
      assistant_id: "agent",
      input: { n: 2 },
      multitask_strategy: strategy,
    });

    expect(waited.json).toEqual({ n: 2 });
    expect((await get(`/threads/${id}/runs/${old}`)).status).toBe(status);
    expect((await get(`/threads/${id}`)).json).toMatchObject({ status: "idle", values: { n: 2 } });
  });
});
