import type { HttpSettings } from "@graphfleet/runtime";
import { openApi, rulesOf, type TestApi } from "../../test/open-api.js";

let api: TestApi;
afterEach(() => api?.close());

const open = async (settings: Partial<HttpSettings>, origins?: readonly string[]) => {
  api = await openApi({ rules: rulesOf(settings, origins) });
};

describe("groups of routes that are left out", () => {
  test.each([
    ["assistants", "POST", "/assistants/search"],
    ["threads", "POST", "/threads"],
    ["runs", "POST", "/runs/batch"],
    ["runs", "POST", "/runs/crons/search"],
    ["store", "GET", "/store/items"],
  ])("disable_%s: %s %s", async (feature, method, path) => {
    await open({ [`disable_${feature}`]: true });

    const body = method === "GET" ? undefined : {};
    expect(await api.call(method, path, body)).toMatchObject({ status: 404, text: "404 Not Found" });
    const { json: document } = await api.call("GET", "/openapi.json");
    expect(Object.keys(document.paths)).not.toContain(path);
    expect((await api.call("GET", "/docs")).text).not.toContain(`<code>${path}</code>`);
    expect(Object.keys(document.paths)).toContain("/info");
  });

  test("disable_meta leaves /ok, which looks no further", async () => {
    api = await openApi({
      rules: rulesOf({ disable_meta: true }),
      services: { postgres: () => Promise.reject(new Error("gone")) },
    });

    for (const path of ["/info", "/metrics", "/docs", "/openapi.json"])
      expect(await api.call("GET", path)).toMatchObject({ status: 404 });
    expect(await api.call("GET", "/ok?check_db=1")).toMatchObject({ status: 200, json: { ok: true } });
  });
});

test("a prefix is in front of everything but the places that answers name", async () => {
  await open({ mount_prefix: "/agents/v1" });

  const { json: document } = await api.call("GET", "/agents/v1/openapi.json");
  expect(document.servers).toEqual([{ url: "/agents/v1" }]);
  expect((await api.call("GET", "/agents/v1/docs")).text).toContain("localhost:8123/agents/v1/threads");
  expect(await api.call("GET", "/info")).toMatchObject({ status: 404 });

  const { json: thread } = await api.call("POST", "/agents/v1/threads", {});
  const { status, headers } = await api.call("POST", `/agents/v1/threads/${thread.thread_id}/runs`, {
    assistant_id: "agent",
  });
  // The SDK puts its URL, prefix included, in front of these.
  expect(status).toBe(200);
  expect(headers.get("content-location")).toMatch(/^\/threads\//);
});

test("runs see the headers that the project chose", async () => {
  await open({ configurableHeaders: { includes: ["x-tenant", "accept-language"], excludes: [] } });
  const { json: thread } = await api.call("POST", "/threads", {});
  const { json: run } = await api.call(
    "POST",
    `/threads/${thread.thread_id}/runs`,
    { assistant_id: "agent", config: { configurable: { "x-tenant": "said" } } },
    { "x-tenant": "acme", "x-other": "1", "accept-language": "de" },
  );

  const { configurable } = run.kwargs.config;
  expect(configurable).toMatchObject({ "x-tenant": "acme", "accept-language": "de" });
  expect(configurable).not.toHaveProperty("x-other");
  expect(configurable).not.toHaveProperty("user-agent");
});

describe("cors", () => {
  const ask = (origin: string) => api.call("GET", "/info", undefined, { origin });
  const preflight = (origin: string) =>
    api.call("OPTIONS", "/info", undefined, { origin, "access-control-request-method": "GET" });

  test("origins of the project win over the environment's, and browsers may read what the SDK needs", async () => {
    await open({ cors: { allow_origins: ["https://a.example"], expose_headers: ["X-Mine"] } }, ["https://b.example"]);

    const { headers } = await ask("https://a.example");
    expect(headers.get("access-control-allow-origin")).toBe("https://a.example");
    const exposed = headers.get("access-control-expose-headers")?.split(", ");
    expect(exposed).toEqual(
      expect.arrayContaining(["x-mine", "content-location", "location", "x-pagination-total", "x-pagination-next"]),
    );
    expect((await ask("https://b.example")).headers.get("access-control-allow-origin")).toBeNull();
  });

  test("a pattern has to match the whole origin, and wins over the list", async () => {
    const cors = { allow_origin_regex: "https://.*\\.example", allow_origins: ["https://b.test"] };
    await open({ cors });

    const allowed = async (origin: string) => (await ask(origin)).headers.get("access-control-allow-origin");
    expect(await allowed("https://a.example")).toBe("https://a.example");
    expect(await allowed("https://a.example.evil.test")).toBeNull();
    expect(await allowed("https://b.test")).toBeNull();
  });

  test("with credentials nobody is a star, and a preflight says what is allowed", async () => {
    const cors = { allow_credentials: true, allow_methods: ["GET"], allow_headers: ["x-a"], max_age: 5 };
    await open({ cors });

    const { status, headers } = await preflight("https://a.example");
    expect(status).toBe(204);
    expect(Object.fromEntries(headers)).toMatchObject({
      "access-control-allow-origin": "https://a.example",
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "GET",
      "access-control-allow-headers": "x-a",
      "access-control-max-age": "5",
    });
  });
});
