import { createHmac } from "node:crypto";
import type { Child } from "@graphfleet/cli";
import type { Cron, Run } from "@langchain/langgraph-sdk";
import { describeFleet, TestFleet } from "./support/fleet.js";
import { eventually, runReaches } from "./support/wait.js";
import { attemptOf, idOf, inTurn, Receiver, type Received, silence, status } from "./support/webhook-receiver.js";

interface Delivery {
  readonly delivery_id: string;
  readonly status: string;
  readonly attempt: number;
  readonly attempts: readonly { readonly response_status: number | null; readonly error: string | null }[];
  readonly error: string | null;
}

const KEYS = ["new key", "old key"];
const COUNT = { log: ["input"], steps: 2 };
const COUNTED = { log: ["input", "step 0", "step 1"] };

describeFleet("webhooks", () => {
  let fleet: TestFleet;
  let receiver: Receiver;
  /** Behind an address that is not permitted. */
  let inside: Receiver;
  /** What the environment names as the way out. Nobody may ask it. */
  let proxy: Receiver;

  const workerEnv = () => {
    const proxies = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"].map((name) => [
      name,
      proxy.url,
    ]);
    // Each has a token of its own, so the receiver can tell who asks.
    return {
      ...Object.fromEntries(proxies),
      NODE_USE_ENV_PROXY: "1",
      LANGGRAPH_API_URL: fleet.url,
      LG_WEBHOOK_TOKEN: `worker-${fleet.workers.length + 1}`,
      WEBHOOK_TIMEOUT_SECS: "1",
      WEBHOOK_SIGNING_KEYS: KEYS.join(","),
    };
  };

  beforeAll(async () => {
    [receiver, inside, proxy] = await Promise.all([Receiver.start(), Receiver.start("127.0.0.2"), Receiver.start()]);
    fleet = await TestFleet.start({
      config: "tests/projects/webhooks/langgraph.json",
      workers: 0,
      env: { WEBHOOK_ALLOWED_NETWORKS: "127.0.0.1/32" },
    });
    await fleet.startWorker(workerEnv());
    await fleet.startWorker(workerEnv());
  });
  afterAll(async () => {
    await fleet?.stop();
    await Promise.all([receiver, inside, proxy].map((one) => one?.stop()));
  });

  const jsonOf = ({ body }: Received) => JSON.parse(body.toString("utf8")) as Record<string, unknown>;
  const api = async (path: string, method = "GET") => {
    const answer = await fetch(`${fleet.url}${path}`, { method });
    const text = await answer.text();
    return { status: answer.status, json: answer.ok ? (JSON.parse(text) as unknown) : null };
  };
  const logOf = async (runId: string) => (await api(`/runs/${runId}/webhooks`)).json as readonly Delivery[];
  const over = (runId: string) =>
    eventually(
      () => logOf(runId),
      ([delivery]) => delivery !== undefined && delivery.status !== "pending",
    ).then(([delivery]) => delivery!);
  const start = async (webhook: string, input: object = COUNT): Promise<Run> => {
    const { thread_id } = await fleet.client.threads.create();
    return await fleet.client.runs.create(thread_id, "counter", { input: { ...input }, webhook });
  };
  /** The deliveries of a path that are no repetitions. */
  const distinct = (path: string) => new Set(receiver.of(path).map(idOf)).size;

  test("a receiver is sent the run, byte by byte as the contract has it, and can tell who sent it", async () => {
    const path = "/success?token=a%20b";
    const { thread_id } = await fleet.client.threads.create();
    const { run_id } = await fleet.client.runs.create(thread_id, "counter", {
      input: { ...COUNT, log: ["grüezi 🌍"] },
      metadata: { kind: "order" },
      config: { configurable: { tone: "dry" } },
      webhook: receiver.at(path),
    });
    const [request] = (await receiver.next(path)) as [Received];
    const sent = jsonOf(request) as Record<"run_started_at" | "run_ended_at" | "webhook_sent_at", string>;
    const run = await fleet.client.runs.get(thread_id, run_id);
    const { kwargs } = run as unknown as { kwargs: object };
    const { values } = await fleet.client.threads.get(thread_id);

    const expected = {
      run_id,
      thread_id,
      assistant_id: run.assistant_id,
      created_at: run.created_at,
      updated_at: run.updated_at,
      metadata: run.metadata,
      multitask_strategy: "enqueue",
      kwargs,
      status: "success",
      run_started_at: sent.run_started_at,
      run_ended_at: sent.run_ended_at,
      webhook_sent_at: sent.webhook_sent_at,
      values,
    };
    expect(request.body.toString("utf8")).toBe(JSON.stringify(expected));
    expect(values).toMatchObject({ log: ["grüezi 🌍", "step 0", "step 1"] });
    expect(kwargs).toMatchObject({ webhook: receiver.at(path), config: { configurable: { tone: "dry" } } });
    const times = [run.created_at, sent.run_started_at, sent.run_ended_at, sent.webhook_sent_at];
    expect(times.map((time) => new Date(time).toISOString())).toEqual(times);
    expect(times.toSorted()).toEqual(times);

    const [delivery] = await logOf(run_id);
    const { "x-graphfleet-signature": signature, ...headers } = request.headers;
    expect([request.method, headers]).toEqual([
      "POST",
      {
        host: new URL(receiver.url).host,
        connection: "close",
        "content-type": "application/json",
        "content-length": String(request.body.length),
        "user-agent": "Graphfleet-Webhook/1",
        authorization: expect.stringMatching(/^Bearer worker-\d$/),
        "x-graphfleet-delivery": delivery!.delivery_id,
        "x-graphfleet-attempt": "1",
      },
    ]);
    const seconds = Math.floor(Date.parse(sent.webhook_sent_at) / 1000);
    const signed = Buffer.concat([Buffer.from(`${seconds}.${delivery!.delivery_id}.`), request.body]);
    const signatures = KEYS.map((key) => `v1=${createHmac("sha256", key).update(signed).digest("hex")}`);
    expect(signature).toBe([`t=${seconds}`, ...signatures].join(","));
    expect(await over(run_id)).toMatchObject({
      status: "delivered",
      attempts: [{ response_status: 204, error: null }],
    });
  });

  test("a run that failed says why, and what it had done by then", async () => {
    const { thread_id } = await fleet.client.threads.create();
    await fleet.client.runs.create(thread_id, "failing", {
      input: { message: "Nay!" },
      webhook: receiver.at("/failed"),
    });
    const [request] = (await receiver.next("/failed")) as [Received];
    expect(jsonOf(request)).toMatchObject({ status: "error", error: "Nay!", values: { prepared: true } });
  });

  test("a receiver that fails is asked again, with the same id, until it takes it", async () => {
    const { run_id } = await start(receiver.at("/recovers", inTurn(status(503), status(200))));
    expect(await over(run_id)).toMatchObject({
      status: "delivered",
      attempt: 2,
      attempts: [{ response_status: 503, error: "answered 503" }, { response_status: 200 }],
    });
    expect(receiver.of("/recovers").map(attemptOf)).toEqual(["1", "2"]);
    expect(distinct("/recovers")).toBe(1);
  });

  test("a receiver that says no is left alone; replayed, it gets the same again under the same id", async () => {
    const { run_id, thread_id } = await start(receiver.at("/no", inTurn(status(410), silence)));
    const { delivery_id, ...failed } = await over(run_id);
    expect(failed).toMatchObject({ status: "failed", attempt: 1, error: "answered 410" });

    const replay = (of: string) => api(`${of}/runs/${run_id}/webhooks/${delivery_id}/replay`, "POST");
    const other = await fleet.client.threads.create();
    expect((await replay(`/threads/${other.thread_id}`)).status).toBe(404);
    expect((await replay(`/threads/${thread_id}`)).status).toBe(202);
    await receiver.next("/no", 2);
    expect((await replay("")).status).toBe(409);
    receiver.at("/no", status(200));
    expect(await over(run_id)).toMatchObject({ delivery_id, status: "delivered", attempt: 2 });

    const [first, second] = receiver.of("/no").map(jsonOf);
    expect({ ...second, webhook_sent_at: "" }).toEqual({ ...first, webhook_sent_at: "" });
    expect(distinct("/no")).toBe(1);
  });

  test("a receiver that hangs is left after the timeout, and holds up nobody", async () => {
    const hanging = await start(receiver.at("/hangs", inTurn(silence, status(200))));
    await receiver.next("/hangs");
    const prompt = await start(receiver.at("/prompt"));
    await receiver.next("/prompt");
    await runReaches(fleet.client, prompt.thread_id, prompt.run_id, "success");
    expect(await over(hanging.run_id)).toMatchObject({
      status: "delivered",
      attempts: [{ response_status: null, error: "did not answer within 1 s" }, { response_status: 200 }],
    });
  });

  test("private addresses are refused: when the run is created, and when a receiver redirects there", async () => {
    await expect(start(inside.at("/"))).rejects.toThrow("HTTP 422: webhook must not lead to a private");
    const { run_id } = await start(receiver.at("/redirects", status(307, { location: inside.at("/") })));
    expect(await over(run_id)).toMatchObject({
      status: "failed",
      attempt: 1,
      error: "refused: must not lead to a private or reserved address",
    });
    expect(inside.of()).toEqual([]);
  });

  test("a path is this server", async () => {
    const { run_id } = await start("/assistants/count?from=webhook");
    expect(await over(run_id)).toMatchObject({ status: "delivered", attempts: [{ response_status: 200 }] });
  });

  test("a worker that is killed while it sends is replaced by another one, which sends the same id", async () => {
    const run = await start(receiver.at("/killed", inTurn(silence, status(200))));
    const [first] = (await receiver.next("/killed")) as [Received];
    const killed = senderOf(first);
    process.kill(killed.pid!, "SIGKILL");
    await killed.exited;

    const [, second] = (await receiver.next("/killed", 2)) as [Received, Received];
    expect([idOf(second), attemptOf(second)]).toEqual([idOf(first), attemptOf(first)]);
    expect(senderOf(second)).not.toBe(killed);
    expect(await over(run.run_id)).toMatchObject({ delivery_id: idOf(first), status: "delivered", attempt: 1 });
    await fleet.startWorker(workerEnv());
  });
  const senderOf = ({ headers }: Received): Child =>
    fleet.workers.find(({ name }) => headers.authorization === `Bearer ${name}`)!;

  test("runs without a thread tell their end, one by one and in batches", async () => {
    await fleet.client.runs.wait(null, "counter", { input: COUNT, webhook: receiver.at("/stateless") });
    const [request] = (await receiver.next("/stateless")) as [Received];
    const { run_id, values } = jsonOf(request);
    expect(values).toMatchObject(COUNTED);
    expect(await over(String(run_id))).toMatchObject({ status: "delivered" });

    const runs = await fleet.client.runs.createBatch(
      ["/batch/1", "/batch/2", "/batch/3"].map((path) => ({
        assistantId: "counter",
        input: COUNT,
        webhook: receiver.at(path),
      })),
    );
    const told = await Promise.all(["/batch/1", "/batch/2", "/batch/3"].map((path) => receiver.next(path)));
    expect(told.flat().map((one) => jsonOf(one)["run_id"])).toEqual(runs.map(({ run_id }) => run_id));
  });

  test("a run that is cancelled before it starts tells that; one that is rolled back or deleted tells nobody", async () => {
    const later = async (path: string) => {
      const { thread_id } = await fleet.client.threads.create();
      const webhook = receiver.at(path);
      return await fleet.client.runs.create(thread_id, "counter", { input: COUNT, webhook, afterSeconds: 3600 });
    };
    const rolledBack = await later("/rolled-back");
    await fleet.client.runs.cancel(rolledBack.thread_id, rolledBack.run_id, true, "rollback");
    const deleted = await later("/deleted");
    await fleet.client.threads.delete(deleted.thread_id);
    const cancelled = await later("/cancelled");
    await fleet.client.runs.cancel(cancelled.thread_id, cancelled.run_id);

    const [request] = (await receiver.next("/cancelled")) as [Received];
    const sent = jsonOf(request);
    expect(sent).toMatchObject({ run_id: cancelled.run_id, status: "interrupted" });
    expect(Object.keys(sent)).not.toEqual(expect.arrayContaining(["values"]));
    expect(Object.keys(sent)).not.toEqual(expect.arrayContaining(["error"]));
    const { rows } = await fleet.sql.query("select from webhook_deliveries where run_id = any($1)", [
      [rolledBack.run_id, deleted.run_id],
    ]);
    expect([rows, receiver.of("/rolled-back"), receiver.of("/deleted")]).toEqual([[], [], []]);
  });

  test("each run of a cron tells its end", async () => {
    const { crons } = fleet.client;
    const webhook = receiver.at("/cron");
    const payload = { schedule: "* * * * * *", input: COUNT, webhook };
    const { cron_id } = (await crons.create("counter", payload as never)) as unknown as Cron;
    const told = await receiver.next("/cron", 2);
    await crons.delete(cron_id);
    expect(told.map((one) => (jsonOf(one)["metadata"] as { cron_id: string }).cron_id)).toEqual(
      told.map(() => cron_id),
    );
    expect(new Set(told.map((one) => jsonOf(one)["run_id"])).size).toBe(new Set(told.map(idOf)).size);
  });

  test("no proxy of the environment is asked, and no log tells a secret", () => {
    expect(proxy.of()).toEqual([]);
    expect(fleet.said()).not.toMatch(/new key|old key|Bearer worker|token=a/);
  });
});
