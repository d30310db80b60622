import { DomainError } from "@graphfleet/domain";
import { openApi, type TestApi } from "../../test/open-api.js";

let redis: () => Promise<void> = async () => undefined;
let server: TestApi;
beforeAll(async () => {
  server = await openApi(async ({ storage }) => ({
    services: { postgres: () => storage.ping(), redis: () => redis() },
  }));
});
afterAll(() => server.close());

const get = (path: string, headers?: Record<string, string>) => server.call("GET", path, undefined, headers);

describe("GET /ok", () => {
  test("200, whether databases are asked or not", async () => {
    for (const query of ["", "?check_db=0", "?check_db=1", "?check_db=true"]) {
      const { status, json } = await get(`/ok${query}`);
      expect([status, json]).toEqual([200, { ok: true }]);
    }
  });

  test("500: a part is away, but only who asks is told", async () => {
    redis = () => Promise.reject(new DomainError("unavailable", "Redis does not answer"));
    const asked = await get("/ok?check_db=1");
    expect([asked.status, asked.text]).toEqual([500, "redis cannot be reached: Redis does not answer"]);
    expect((await get("/ok")).status).toBe(200);
    redis = async () => undefined;
  });
});

describe("GET /info", () => {
  test("200: version and flags, never cached", async () => {
    const { json, headers } = await get("/info", { "x-api-key": "whatever" });
    expect(json).toEqual({
      version: "1.2.3",
      langgraph_js_version: "1.4.18",
      langgraph_py_version: "",
      context: "js",
      flags: { assistants: true, crons: true, langsmith: false, langsmith_tracing_replicas: true },
      host: { kind: "self-hosted", project_id: null, host_revision_id: null, revision_id: null, tenant_id: null },
      metadata: {},
    });
    expect(headers.get("cache-control")).toBe("no-store");
  });
});

describe("GET /metrics", () => {
  test("200: Prometheus text, requests named by template", async () => {
    await get("/threads/11111111-2222-4333-8444-555555555555");
    await get("/no/such/path");

    const { text, headers } = await get("/metrics");

    expect(headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toContain('lg_api_http_requests_total{method="GET",path="/threads/:thread_id",status="404"} 1');
    expect(text).toContain('path="unmatched",status="404"');
    expect(text).not.toContain("11111111");
    expect(text).toContain("lg_api_http_requests_latency_bucket");
  });

  test("200: JSON", async () => {
    await server.call("POST", "/runs", { assistant_id: "agent" });
    const { json } = await get("/metrics?format=json");
    expect(json).toMatchObject({
      queue: { n_pending: 1, n_running: 0, max_age_secs: expect.any(Number) },
      workers: { max: 0, active: 0, available: 0 },
      http: { requests_total: expect.arrayContaining([expect.objectContaining({ path: "/runs", value: 1 })]) },
    });
  });

  test("200: JSON tells the slots of all workers", async () => {
    await server.roll.enrol({ owner: "a", slots: 3 });
    await server.roll.enrol({ owner: "b", slots: 2 });
    expect((await get("/metrics?format=json")).json.workers).toEqual({ max: 5, active: 0, available: 5 });
  });

  test("422: another format", async () => {
    expect((await get("/metrics?format=xml")).text).toBe("format must be one of: prometheus, json");
  });
});

describe("every response", () => {
  test("carries the request's id, or one of its own", async () => {
    expect((await get("/ok", { "x-request-id": "mine" })).headers.get("x-request-id")).toBe("mine");
    expect((await get("/ok")).headers.get("x-request-id")).toMatch(/^[\da-f-]{36}$/);
  });

  test("shows browsers what the SDK reads, and does not say what it is made of", async () => {
    const { headers } = await get("/nope", { origin: "http://app.example" });
    expect(headers.get("access-control-allow-origin")).toBe("*");
    for (const name of ["content-location", "location", "x-pagination-total", "x-pagination-next"])
      expect(headers.get("access-control-expose-headers")).toContain(name);
    expect(headers.get("x-powered-by")).toBeNull();
    expect(headers.get("etag")).toBeNull();
  });

  test("lets preflights through", async () => {
    const { status, headers } = await server.call("OPTIONS", "/threads", undefined, {
      origin: "http://app.example",
      "access-control-request-method": "PATCH",
      "access-control-request-headers": "x-api-key,content-type",
      "access-control-request-private-network": "true",
    });
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-methods")).toMatch(/PUT, PATCH, DELETE/);
    expect(headers.get("access-control-allow-headers")).toBe("x-api-key,content-type");
    expect(headers.get("access-control-allow-private-network")).toBe("true");
  });
});

describe("errors", () => {
  test("404: no such route", async () => {
    const { status, text, headers } = await get("/no/such/path");
    expect([status, text]).toEqual([404, "404 Not Found"]);
    expect(headers.get("content-type")).toMatch(/^text\/plain/);
    expect((await server.call("POST", "/ok")).status).toBe(404);
  });

  test("are told to the Python SDK as a detail", async () => {
    const { status, json } = await get("/assistants/nope", { "user-agent": "langgraph-sdk-py/0.3.0" });
    expect([status, json]).toEqual([404, { detail: "Assistant not found" }]);
  });

  test("400: a path that cannot be decoded", async () => {
    expect((await get("/assistants/%zz")).status).toBe(400);
  });
});
