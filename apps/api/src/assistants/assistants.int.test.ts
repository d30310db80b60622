import { openApi, type TestApi } from "../../test/open-api.js";

let server: TestApi;
beforeAll(async () => {
  server = await openApi();
});
afterAll(() => server.close());

const UNKNOWN = "11111111-2222-4333-8444-555555555555";
const SYSTEM_AGENT = "fe096781-5601-53d2-b2f6-0d3403f7e9ca";

async function make(body: object = {}) {
  const { json } = await server.call("POST", "/assistants", { graph_id: "agent", ...body });
  return json;
}

describe("POST /assistants", () => {
  test("200: makes version 1, with defaults", async () => {
    const { status, json } = await server.call("POST", "/assistants", { graph_id: "agent" });

    expect(status).toBe(200);
    expect(json).toEqual({
      assistant_id: expect.stringMatching(/^[\da-f-]{36}$/),
      graph_id: "agent",
      name: "Untitled",
      description: null,
      config: {},
      context: {},
      metadata: {},
      version: 1,
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
    });
  });

  test("200: null means absent, and unknown fields mean nothing", async () => {
    const { status, json } = await server.call("POST", "/assistants", {
      graph_id: "agent",
      assistant_id: null,
      config: null,
      context: null,
      metadata: null,
      name: null,
      description: null,
      if_exists: null,
      graphId: "camel",
    });

    expect(status).toBe(200);
    expect(json).toMatchObject({ name: "Untitled", config: {}, context: {}, metadata: {} });
  });

  test("409 or the existing one: the id is taken", async () => {
    const first = await make({ name: "first" });
    const again = { graph_id: "agent", assistant_id: first.assistant_id, name: "second" };

    const refused = await server.call("POST", "/assistants", again);
    expect([refused.status, refused.text]).toEqual([409, "Assistant already exists"]);

    const kept = await server.call("POST", "/assistants", { ...again, if_exists: "do_nothing" });
    expect([kept.status, kept.json]).toEqual([200, first]);
  });

  test("404: no such graph", async () => {
    const { status, text } = await server.call("POST", "/assistants", { graph_id: "nope" });
    expect([status, text]).toEqual([404, 'Graph "nope" not found']);
  });

  test("422: names the field", async () => {
    expect((await server.call("POST", "/assistants", {})).text).toBe("graph_id is required");
    expect((await server.call("POST", "/assistants", { graph_id: "agent", assistant_id: "x" })).text).toBe(
      "assistant_id must be a UUID",
    );
  });
});

describe("GET /assistants/:assistant_id", () => {
  test("200: a graph id stands for its system assistant", async () => {
    const { json } = await server.call("GET", "/assistants/agent");
    expect(json).toMatchObject({
      assistant_id: SYSTEM_AGENT,
      name: "agent",
      version: 1,
      metadata: { created_by: "system" },
    });
    expect((await server.call("GET", `/assistants/${SYSTEM_AGENT}`)).json).toEqual(json);
  });

  test.each([UNKNOWN, "neither-graph-nor-uuid"])("404: %s", async (id) => {
    const { status, text } = await server.call("GET", `/assistants/${id}`);
    expect([status, text]).toEqual([404, "Assistant not found"]);
  });

  test("422: an id that cannot be", async () => {
    const { status, text } = await server.call("GET", "/assistants/%00");
    expect([status, text]).toEqual([422, "assistant_id must not contain NUL characters"]);
  });
});

describe("PATCH /assistants/:assistant_id", () => {
  test("200: always a new version; config replaces, metadata merges, null keeps", async () => {
    const { assistant_id: id } = await make({ config: { a: 1 }, metadata: { k: 1 }, name: "n", context: { c: 1 } });

    const changed = await server.call("PATCH", `/assistants/${id}`, {
      config: { b: 2 },
      metadata: { l: 2 },
      name: null,
      context: null,
    });
    expect(changed.json).toMatchObject({
      version: 2,
      config: { b: 2 },
      metadata: { k: 1, l: 2 },
      name: "n",
      context: { c: 1 },
    });

    expect((await server.call("PATCH", `/assistants/${id}`, {})).json).toMatchObject({ version: 3, config: { b: 2 } });
  });

  test("404: no such assistant, or no such graph", async () => {
    expect((await server.call("PATCH", `/assistants/${UNKNOWN}`, {})).text).toBe("Assistant not found");
    const { assistant_id: id } = await make();
    expect((await server.call("PATCH", `/assistants/${id}`, { graph_id: "nope" })).status).toBe(404);
  });
});

describe("DELETE /assistants/:assistant_id", () => {
  test("200: its id in a list, and it is gone", async () => {
    const { assistant_id: id } = await make();

    const { status, json } = await server.call("DELETE", `/assistants/${id}`);
    expect([status, json]).toEqual([200, [id]]);
    expect((await server.call("GET", `/assistants/${id}`)).status).toBe(404);
    expect((await server.call("DELETE", `/assistants/${id}`)).status).toBe(404);
    expect((await server.call("POST", `/assistants/${id}/versions`)).status).toBe(404);
  });
});

describe("DELETE /assistants/:assistant_id?delete_threads", () => {
  test("takes the threads that last ran it along, and no others", async () => {
    const { assistant_id: id } = await make();
    const threads: string[] = [];
    for (const assistant of [id, id, "agent"]) {
      const { json: thread } = await server.call("POST", "/threads");
      await server.call("POST", `/threads/${thread.thread_id}/runs`, { assistant_id: assistant });
      threads.push(thread.thread_id);
    }
    const statuses = async () =>
      await Promise.all(threads.map(async (thread) => (await server.call("GET", `/threads/${thread}`)).status));

    expect((await server.call("DELETE", `/assistants/${UNKNOWN}?delete_threads=true`)).status).toBe(404);
    expect(await statuses()).toEqual([200, 200, 200]);

    const { status, json } = await server.call("DELETE", `/assistants/${id}?delete_threads=true`);
    expect([status, json]).toEqual([200, [id]]);
    expect(await statuses()).toEqual([404, 404, 200]);
  });

  test("leaves them when it is not asked to", async () => {
    const { assistant_id: id } = await make();
    const { json: thread } = await server.call("POST", "/threads", { metadata: { assistant_id: id } });

    await server.call("DELETE", `/assistants/${id}?delete_threads=false`);
    expect((await server.call("GET", `/threads/${thread.thread_id}`)).status).toBe(200);
    expect((await server.call("DELETE", `/assistants/${id}?delete_threads=maybe`)).text).toBe(
      "delete_threads must be boolean",
    );
  });
});

describe("GET /assistants/:assistant_id/graph, /schemas and /subgraphs", () => {
  const get = (path: string) => server.call("GET", path);

  test.each([
    ["", false],
    ["?xray=true", true],
    ["?xray=false", false],
    ["?xray=2", 2],
    ["?xray=0", 0],
  ])("200: draws the graph%s", async (query, xray) => {
    const config = { configurable: { model: "small" } };
    const { assistant_id: id } = await make({ config });
    expect((await get(`/assistants/${id}/graph${query}`)).json).toEqual({ graphId: "agent", config, xray });
  });

  test("200: schemas, and subgraphs of all or of one namespace", async () => {
    expect((await get("/assistants/agent/schemas")).json).toEqual({ graph_id: "agent", config: {} });
    expect((await get("/assistants/agent/subgraphs")).json).toEqual({ agent: { recurse: false } });
    expect((await get("/assistants/agent/subgraphs/a%7Cb?recurse=true")).json).toEqual({ "a|b": { recurse: true } });
  });

  test("404 and 422", async () => {
    for (const path of ["graph", "schemas", "subgraphs", "subgraphs/a"])
      expect((await get(`/assistants/${UNKNOWN}/${path}`)).text).toBe("Assistant not found");
    for (const xray of ["-1", "deep", "1e9", "1.5"])
      expect((await get(`/assistants/agent/graph?xray=${xray}`)).text).toBe(
        "xray must be a boolean or a depth up to 1000",
      );
  });
});

describe("POST /assistants/:assistant_id/versions and /latest", () => {
  test("200: newest first, without updated_at; an older one can be made the active one", async () => {
    const { assistant_id: id } = await make({ metadata: { v: 1 }, name: "one", context: { c: 1 } });
    await server.call("PATCH", `/assistants/${id}`, { metadata: { v: 2 }, name: "two", context: { c: 2 } });

    const versions = await server.call("POST", `/assistants/${id}/versions`);
    expect(versions.json.map(({ version, name }: { version: number; name: string }) => [version, name])).toEqual([
      [2, "two"],
      [1, "one"],
    ]);
    expect(versions.json[0]).not.toHaveProperty("updated_at");
    expect((await server.call("POST", `/assistants/${id}/versions`, { metadata: { v: 1 } })).json).toHaveLength(1);
    expect((await server.call("POST", `/assistants/${id}/versions`, { metadata: { v: 9 } })).json).toEqual([]);

    const back = await server.call("POST", `/assistants/${id}/latest`, { version: 1 });
    expect(back.json).toMatchObject({ version: 1, name: "one", context: { c: 1 } });
    const forth = await server.call("POST", `/assistants/${id}/latest?version=2`);
    expect(forth.json).toMatchObject({ version: 2, name: "two" });

    const nulled = await server.call("POST", `/assistants/${id}/latest?version=1`, { version: null });
    expect(nulled.json).toMatchObject({ version: 1 });
    const both = await server.call("POST", `/assistants/${id}/latest?version=1`, { version: 2 });
    expect(both.json).toMatchObject({ version: 2 });
  });

  test("404 and 422", async () => {
    const { assistant_id: id } = await make();
    const missing = await server.call("POST", `/assistants/${id}/latest`, { version: 7 });
    expect([missing.status, missing.text]).toEqual([404, "Assistant version not found"]);
    expect((await server.call("POST", `/assistants/${UNKNOWN}/latest`, { version: 1 })).text).toBe(
      "Assistant not found",
    );
    expect((await server.call("POST", `/assistants/${id}/latest`)).text).toBe("version is required");
    expect((await server.call("POST", `/assistants/${id}/latest`, { version: 1e20 })).status).toBe(422);
  });
});

describe("POST /assistants/search and /count", () => {
  test("200: filters, pages, sorts and selects", async () => {
    const tag = { suite: "search" };
    for (const name of ["Alpha", "beta", "Gamma"]) await make({ name, metadata: tag });
    const search = (body: object) => server.call("POST", "/assistants/search", { metadata: tag, ...body });

    const first = await search({ limit: 2, sort_by: "name", sort_order: "asc", select: ["name"] });
    expect(first.headers.get("x-pagination-total")).toBe("3");
    expect(first.headers.get("x-pagination-next")).toBe("2");
    expect(first.json).toHaveLength(2);
    expect(Object.keys(first.json[0])).toEqual(["name"]);

    const last = await search({ limit: 2, offset: 2 });
    expect(last.json).toHaveLength(1);
    expect(last.headers.get("x-pagination-next")).toBeNull();

    expect((await search({ name: "ALPH" })).json.map(({ name }: { name: string }) => name)).toEqual(["Alpha"]);
    expect((await search({})).json.map(({ name }: { name: string }) => name)).toEqual(["Gamma", "beta", "Alpha"]);
    expect((await server.call("POST", "/assistants/count", { metadata: tag })).text).toBe("3");
    expect((await server.call("POST", "/assistants/count", { metadata: tag, name: "mm" })).text).toBe("1");
  });

  test("422: unknown columns, and pages out of range", async () => {
    const search = (body: object) => server.call("POST", "/assistants/search", body);
    expect((await search({ select: ["nope"] })).status).toBe(422);
    expect((await search({ sort_by: "nope" })).text).toBe(
      "sort_by must be one of: assistant_id, graph_id, name, created_at, updated_at",
    );
    expect((await search({ limit: 0 })).status).toBe(422);
    expect((await search({ limit: 1001 })).status).toBe(422);
    expect((await search({ offset: -1 })).status).toBe(422);
  });
});
