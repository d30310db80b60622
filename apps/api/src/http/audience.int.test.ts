import { openApi, type TestApi } from "../../test/open-api.js";

const MAX = 3;
const assistant = { assistant_id: "agent", input: {} };

describe("an API with as many listeners as it may have", () => {
  let it: TestApi;
  let leave: AbortController;

  beforeAll(async () => {
    it = await openApi({ maxStreams: MAX });
  });
  afterAll(() => it.close());
  beforeEach(() => {
    leave = new AbortController();
  });
  afterEach(() => leave.abort());

  const listen = (method: string, path: string, body?: unknown) =>
    fetch(`${it.url}${path}`, {
      method,
      signal: leave.signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const metric = async (name: string) => {
    const { text } = await it.call("GET", "/metrics");
    return text.split("\n").filter((line) => line.startsWith(`lg_api_${name}`));
  };
  const runsOf = async (threadId: string) => (await it.call("GET", `/threads/${threadId}/runs`)).json as unknown[];
  /** Until the server has noticed who left. */
  const deserted = async () => {
    while ((await metric("streams_open")).some((line) => !line.endsWith(" 0"))) await new Promise(setImmediate);
  };

  test("refuses one more of each kind before anything is done, answers everything else, and takes the next when one left", async () => {
    const { thread_id } = (await it.call("POST", "/threads", {})).json as { thread_id: string };
    const { run_id } = (await it.call("POST", `/threads/${thread_id}/runs`, assistant)).json as { run_id: string };
    const at = `/threads/${thread_id}`;
    const open = await Promise.all([
      listen("GET", `${at}/stream`),
      listen("GET", `${at}/runs/${run_id}/stream`),
      listen("GET", `${at}/runs/${run_id}/join`),
    ]);
    expect(open.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await metric("streams_open")).toEqual([
      'lg_api_streams_open{kind="stream"} 2',
      'lg_api_streams_open{kind="wait"} 1',
    ]);

    const refused = [
      await it.call("POST", `${at}/runs/stream`, assistant),
      await it.call("POST", `${at}/runs/wait`, assistant),
      await it.call("GET", `${at}/runs/${run_id}/join`),
      await it.call("GET", `${at}/runs/${run_id}/stream`),
      await it.call("GET", `${at}/stream`),
    ];

    for (const { status, headers, text } of refused) {
      expect(status).toBe(503);
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
      expect(text).toContain("3 streams and waits open, which is its limit (MAX_CONCURRENT_STREAMS)");
    }
    expect(await metric("streams_refused_counter")).toEqual(["lg_api_streams_refused_counter 5"]);
    expect(await runsOf(thread_id)).toHaveLength(1);
    expect((await it.call("POST", `${at}/runs`, assistant)).status).toBe(200);

    leave.abort();
    await deserted();
    leave = new AbortController();
    expect((await listen("POST", `${at}/runs/stream`, assistant)).status).toBe(200);
    expect(await runsOf(thread_id)).toHaveLength(3);
  });

  test("a request that fails leaves its place", async () => {
    const unknown = "00000000-0000-4000-8000-000000000000";
    await deserted();

    for (let i = 0; i <= MAX; i++) {
      expect((await it.call("POST", `/threads/${unknown}/runs/stream`, assistant)).status).toBe(404);
      expect((await it.call("POST", "/runs/wait", { assistant_id: "nobody" })).status).toBe(404);
    }

    await deserted();
  });
});
