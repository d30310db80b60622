import { Metrics } from "./metrics.js";
import { answerOps, type OpsOptions, startOpsServer } from "./ops-server.js";

const metrics = new Metrics({ process: false });

async function get(url: string, options: Partial<OpsOptions> = {}) {
  const { status, body } = await answerOps({ metrics, ...options }, "GET", url);
  return { status, body: JSON.parse(body) as unknown };
}

const down = () => Promise.reject(new Error("connection refused"));

describe("GET /ok", () => {
  test("200 without asking the databases", async () => {
    expect(await get("/ok", { services: { postgres: down } })).toEqual({ status: 200, body: { ok: true } });
  });

  test("503 while the process is stopping", async () => {
    expect(await get("/ok", { stopping: AbortSignal.abort() })).toEqual({
      status: 503,
      body: { ok: false, detail: "stopping" },
    });
  });

  test("500 with the reason when the process does not do its job", async () => {
    const healthy = () => {
      throw new Error("the consumer has stopped");
    };

    expect(await get("/ok", { healthy })).toEqual({
      status: 500,
      body: { ok: false, detail: "the consumer has stopped" },
    });
  });

  test("with check_db=1 names each service and fails when one is down", async () => {
    expect(await get("/ok?check_db=1", { services: { postgres: () => null, redis: down } })).toEqual({
      status: 500,
      body: { ok: false, services: { postgres: "ok", redis: "connection refused" } },
    });
    expect(await get("/ok?check_db=1", { services: { postgres: () => null } })).toEqual({
      status: 200,
      body: { ok: true, services: { postgres: "ok" } },
    });
  });
});

describe("other requests", () => {
  test("GET /metrics is Prometheus text", async () => {
    metrics.gauge("workers_max", "Slots").set(10);

    const answer = await answerOps({ metrics }, "GET", "/metrics");

    expect(answer.type).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(answer.body).toContain("lg_api_workers_max 10");
  });

  test("unknown paths are 404 and writes are 405", async () => {
    expect((await answerOps({ metrics }, "GET", "/threads")).status).toBe(404);
    expect((await answerOps({ metrics }, "POST", "/ok")).status).toBe(405);
  });

  test("port 0 means off", async () => {
    const server = await startOpsServer({ metrics, port: 0 });

    expect(server.port).toBe(0);
    await server.close();
  });
});
