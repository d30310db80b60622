import type { RingConsumer } from "@graphfleet/domain";
import { openApi, type TestApi } from "../../test/open-api.js";
import { eventsIn, type ReadEvent } from "../../test/read-sse.js";
import { startTestWorker } from "../../test/test-worker.js";

let server: TestApi;
let worker: RingConsumer;
beforeAll(async () => {
  server = await openApi();
  worker = startTestWorker(server);
});
afterAll(async () => {
  await worker.close();
  await server.close();
});

const makeThread = async (): Promise<string> => (await server.call("POST", "/threads", {})).json.thread_id;
const run = async (id: string, input: unknown): Promise<string> => {
  const { headers } = await server.call("POST", `/threads/${id}/runs/wait`, { assistant_id: "agent", input });
  return headers.get("content-location")!.split("/").at(-1)!;
};

/** An open stream, and what came through it so far. */
async function listen(id: string, { query = "", last }: { query?: string; last?: string } = {}) {
  const stop = new AbortController();
  const response = await fetch(`${server.url}/threads/${id}/stream${query}`, {
    signal: stop.signal,
    headers: last === undefined ? {} : { "last-event-id": last },
  });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const events = () => eventsIn(text.slice(0, text.lastIndexOf("\n\n") + 2));
  return {
    response,
    /** Resolves with all events when `isEnough`. */
    async until(isEnough: (events: readonly ReadEvent[]) => boolean): Promise<readonly ReadEvent[]> {
      while (!isEnough(events())) {
        const { done, value } = await reader.read();
        if (done) throw new Error(`the stream ended after ${text}`);
        text += value;
      }
      return events();
    },
    async ended(): Promise<void> {
      while (!(await reader.read()).done);
    },
    stop: () => stop.abort(),
  };
}

const runsDone = (count: number) => (events: readonly ReadEvent[]) =>
  events.filter(({ event }) => event === "run_done").length === count;
const brief = (events: readonly ReadEvent[]) => events.map(({ event, data }) => [event, data]);

describe("GET /threads/:thread_id/stream", () => {
  test("200: run after run, in order, and nothing of the past", async () => {
    const id = await makeThread();
    await run(id, { n: 0 });
    const stream = await listen(id);
    expect(stream.response.headers.get("content-type")).toContain("text/event-stream");
    expect(stream.response.headers.get("location")).toBe(`/threads/${id}/stream`);

    const first = await run(id, { n: 1 });
    const second = await run(id, { n: 2 });
    const events = await stream.until(runsDone(2));
    stream.stop();

    expect(brief(events)).toEqual([
      ["metadata", { run_id: first, attempt: 1 }],
      ["values", { n: 1 }],
      ["run_done", { run_id: first, status: "success" }],
      ["metadata", { run_id: second, attempt: 1 }],
      ["values", { n: 2 }],
      ["run_done", { run_id: second, status: "success" }],
    ]);
    const ids = events.map((event) => Number(event.id));
    expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
  });

  test("200: from the beginning, or behind an event", async () => {
    const id = await makeThread();
    await run(id, { n: 1 });
    await run(id, { n: 2 });

    for (const last of ["-", "-1"]) {
      const stream = await listen(id, { last });
      const all = await stream.until(runsDone(2));
      stream.stop();
      expect(brief(all).filter(([event]) => event === "values")).toEqual([
        ["values", { n: 1 }],
        ["values", { n: 2 }],
      ]);

      const rest = await listen(id, { last: all[2]!.id! });
      expect(await rest.until(runsDone(1))).toEqual(all.slice(3));
      rest.stop();
    }
  });

  test("200: an id of another kind gives what is new", async () => {
    const id = await makeThread();
    await run(id, { n: 1 });
    const stream = await listen(id, { last: "nonsense" });
    await run(id, { n: 2 });
    expect(brief(await stream.until(runsDone(1)))[1]).toEqual(["values", { n: 2 }]);
    stream.stop();
  });

  test("200: only begins and ends of runs", async () => {
    const id = await makeThread();
    for (const query of ["?stream_mode=lifecycle", "?stream_modes=lifecycle", '?stream_mode=["lifecycle"]']) {
      const stream = await listen(id, { query });
      await run(id, {});
      expect((await stream.until(runsDone(1))).map(({ event }) => event)).toEqual(["metadata", "run_done"]);
      stream.stop();
    }
  });

  test("200: the end of a run that nobody could tell of", async () => {
    const id = await makeThread();
    const made = await server.call("POST", `/threads/${id}/runs`, { assistant_id: "agent", after_seconds: 1000 });
    const runId: string = made.json.run_id;
    const { bus, ledger } = server;
    const tape = await bus.open({
      threadId: made.json.thread_id,
      runId: made.json.run_id,
      attempt: 1,
      claim: 1,
      seqBase: 1000,
      lastEvent: -1,
      createdAt: 0,
    });
    tape.append({ event: "metadata", data: JSON.stringify({ run_id: runId, attempt: 1 }) });
    const stream = await listen(id);
    await stream.until(({ length }) => length === 1);

    await ledger.storage.runs.requestCancel([made.json.run_id], "interrupt");
    await bus.poke(made.json.thread_id);

    expect((await stream.until(runsDone(1))).at(-1)?.data).toEqual({ run_id: runId, status: "interrupted" });
    stream.stop();
  });

  test("200: ends with its thread", async () => {
    const id = await makeThread();
    const stream = await listen(id);
    await server.call("DELETE", `/threads/${id}`);
    await expect(stream.ended()).resolves.toBeUndefined();
  });

  test("404 and 422", async () => {
    const UNKNOWN = "11111111-2222-4333-8444-555555555555";
    const missing = await server.call("GET", `/threads/${UNKNOWN}/stream`);
    expect([missing.status, missing.text]).toEqual([404, `Thread with ID ${UNKNOWN} not found`]);
    expect((await server.call("GET", "/threads/x/stream")).text).toBe("thread_id must be a UUID");
    const mode = await server.call("GET", `/threads/${UNKNOWN}/stream?stream_mode=values`);
    expect([mode.status, mode.text]).toEqual([422, "stream_mode.0 must be one of: run_modes, lifecycle, state_update"]);
  });
});
