import {
  type ClaimedDelivery,
  makeWebhookGate,
  DEFAULT_URL_RULES,
  networks,
  type Ring,
  type RunId,
} from "@graphfleet/domain";
import { openApi, type TestApi } from "../../test/open-api.js";
import { startTestWorker } from "../../test/test-worker.js";

let server: TestApi;
let worker: ReturnType<typeof startTestWorker>;
beforeAll(async () => {
  server = await openApi({
    webhookGate: makeWebhookGate({
      rules: { ...DEFAULT_URL_RULES, allowedNetworks: networks("10.9.0.0/16") },
      resolve: async (host) => (host === "inside.example.net" ? ["10.0.0.1"] : ["93.184.216.34"]),
    }),
  });
  worker = startTestWorker(server, async ({ spec }) => ({ values: spec.input }));
});
afterAll(async () => {
  await worker.close();
  await server.close();
});

const HOOK = "https://ann:word@hooks.example.net/path?token=s3cret";
const UNKNOWN = "11111111-2222-4333-8444-555555555555";
const FAILED = { kind: "failed", reason: "answered 404" } as const;
const TRY = { at: "2026-01-01T00:00:00.000Z", duration_ms: 12, response_status: 404, error: "answered 404" };

const get = (path: string) => server.call("GET", path);
const create = (body: object, path = "/runs") =>
  server.call("POST", path, { assistant_id: "agent", input: {}, ...body });

/** A run that is over, on a thread or, for null, on one of its own. */
async function ended(threadId: string | null, webhook: string | null = HOOK) {
  const path = threadId === null ? "/runs/wait" : `/threads/${threadId}/runs/wait`;
  const { status, headers } = await create({ webhook }, path);
  expect(status).toBe(200);
  return /runs\/([^/]+)/.exec(headers.get("content-location")!)![1]!;
}
const makeThread = async (): Promise<string> => (await server.call("POST", "/threads", {})).json.thread_id;

async function claimed(runId: string): Promise<ClaimedDelivery> {
  return (await server.ledger.storage.deliveries.claim({ runId: runId as RunId }, 30))!;
}

describe("a webhook is looked at when its run is created", () => {
  test.each([
    "http://127.0.0.1:9/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://10.0.0.1/",
    "https://inside.example.net/",
  ])("422: %s", async (webhook) => {
    for (const path of ["/runs", "/runs/stream", "/runs/wait", `/threads/${await makeThread()}/runs`]) {
      const { status, text } = await create({ webhook }, path);
      expect([status, text]).toEqual([422, "webhook must not lead to a private or reserved address"]);
    }
  });

  test("422: many runs, one of which has a bad one: none is created", async () => {
    const threadId = await makeThread();
    const body = { assistant_id: "agent", thread_id: threadId, input: {}, after_seconds: 1000 };
    const answer = await server.call("POST", "/runs/batch", [body, { ...body, webhook: "ftp://example.net/" }]);
    expect([answer.status, answer.text]).toEqual([
      422,
      'webhook must be an http or https URL, or a path that starts with "/"',
    ]);
    expect((await get(`/threads/${threadId}/runs`)).json).toEqual([]);
  });

  test.each(["https://hooks.example.net/", "/hook", "http://10.9.1.1:8080/hook"])("200: %s", async (webhook) => {
    const { status, json } = await create({ webhook, after_seconds: 1000 });
    expect([status, json.kwargs.webhook]).toEqual([200, webhook]);
  });
});

describe("GET …/runs/:run_id/webhooks", () => {
  test("200: what became of it, without credentials and without what was sent", async () => {
    const threadId = await makeThread();
    const runId = await ended(threadId);

    const { status, json, text } = await get(`/threads/${threadId}/runs/${runId}/webhooks`);

    expect(status).toBe(200);
    expect(json).toEqual([
      {
        delivery_id: expect.any(String),
        run_id: runId,
        thread_id: threadId,
        url: "https://hooks.example.net/path",
        status: "pending",
        attempt: 0,
        attempts: [],
        error: null,
        created_at: expect.any(String),
        next_attempt_at: expect.any(String),
        ended_at: null,
      },
    ]);
    expect(text).not.toMatch(/s3cret|word/);
    expect((await get(`/runs/${runId}/webhooks`)).json).toEqual(json);
  });

  test("200: that of a run without a thread, also when the run itself is gone", async () => {
    const runId = await ended(null);
    expect((await get(`/runs/${runId}/webhooks`)).json).toMatchObject([{ run_id: runId, status: "pending" }]);
  });

  test("200: none, for a run that has none or is not over", async () => {
    const threadId = await makeThread();
    const silent = await ended(threadId, null);
    expect((await get(`/runs/${silent}/webhooks`)).json).toEqual([]);
    const waiting = (await create({ webhook: HOOK, after_seconds: 1000 }, `/threads/${threadId}/runs`)).json.run_id;
    expect((await get(`/runs/${waiting}/webhooks`)).json).toEqual([]);
  });

  test("404: no such run, or another thread's", async () => {
    const runId = await ended(await makeThread());
    for (const path of [`/runs/${UNKNOWN}/webhooks`, `/threads/${await makeThread()}/runs/${runId}/webhooks`]) {
      const { status, text } = await get(path);
      expect([status, text]).toEqual([404, "Run not found"]);
    }
  });
});

describe("POST …/runs/:run_id/webhooks/:delivery_id/replay", () => {
  test("202: it is due again, under its id, and rung for", async () => {
    const threadId = await makeThread();
    const runId = await ended(threadId);
    const claim = await claimed(runId);
    await server.ledger.storage.deliveries.finish(claim, TRY, FAILED);
    expect((await get(`/runs/${runId}/webhooks`)).json).toMatchObject([
      { status: "failed", attempt: 1, attempts: [TRY], error: "answered 404", next_attempt_at: null },
    ]);
    const rung = new Promise<Ring>((resolve) => {
      server.webhooks.consume({ concurrency: 1, handle: async (ring) => resolve(ring) });
    });

    const { status, json } = await server.call(
      "POST",
      `/threads/${threadId}/runs/${runId}/webhooks/${claim.id}/replay`,
    );

    expect([status, json]).toMatchObject([
      202,
      { delivery_id: claim.id, status: "pending", attempt: 0, attempts: [TRY], error: null, ended_at: null },
    ]);
    expect(await rung).toMatchObject({ runId });
    expect(await claimed(runId)).toMatchObject({ id: claim.id, attempt: 1 });
  });

  test("409: not while it is being delivered", async () => {
    const runId = await ended(null);
    const { id } = await claimed(runId);
    const { status, text } = await server.call("POST", `/runs/${runId}/webhooks/${id}/replay`);
    expect([status, text]).toEqual([
      409,
      "This webhook is still being delivered. Wait until it is delivered or failed.",
    ]);
  });

  test("404: no such delivery, or another run's; 422: no id", async () => {
    const [runId, other] = [await ended(null), await ended(null)];
    const { id } = await claimed(other);
    for (const delivery of [UNKNOWN, id]) {
      const { status, text } = await server.call("POST", `/runs/${runId}/webhooks/${delivery}/replay`);
      expect([status, text]).toEqual([404, "Webhook delivery not found"]);
    }
    expect((await server.call("POST", `/runs/${runId}/webhooks/x/replay`)).status).toBe(422);
  });
});

test("the page of metrics tells what waits, and for how long", async () => {
  await ended(null);
  const { gaugeFleet } = await import("../fleet-gauges.js");
  const { Metrics } = await import("@graphfleet/chassis");
  const metrics = new Metrics({ process: false });
  const { storage } = server.ledger;
  gaugeFleet(metrics, {
    runs: storage.runs,
    deliveries: storage.deliveries,
    poolStats: () => ({ max: 1, total: 1, idle: 1, waiting: 0 }),
    tapesRead: () => 0,
  });
  const page = await metrics.text();
  expect(page).toMatch(/^lg_api_num_pending_webhooks [1-9]/m);
  expect(page).toMatch(/^lg_api_oldest_due_webhook_seconds \d/m);
});
