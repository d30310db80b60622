import { openApi, type TestApi } from "../../test/open-api.js";

let server: TestApi;
beforeAll(async () => {
  server = await openApi();
});
afterAll(() => server.close());

const UNKNOWN = "11111111-2222-4333-8444-555555555555";

async function make(body: object = {}) {
  const { json } = await server.call("POST", "/threads", body);
  return json;
}

describe("POST /threads", () => {
  test("200: an empty body makes an idle thread", async () => {
    const { status, json } = await server.call("POST", "/threads");

    expect(status).toBe(200);
    expect(json).toEqual({
      thread_id: expect.stringMatching(/^[\da-f-]{36}$/),
      created_at: expect.stringMatching(/Z$/),
      updated_at: expect.stringMatching(/Z$/),
      state_updated_at: null,
      metadata: {},
      config: {},
      status: "idle",
      values: null,
      interrupts: {},
      error: null,
    });
  });

  test("409 or the existing one: the id is taken", async () => {
    const first = await make({ thread_id: UNKNOWN.replaceAll("1", "a"), metadata: { n: 1 } });
    const again = { thread_id: first.thread_id, metadata: { n: 2 } };

    const refused = await server.call("POST", "/threads", again);
    expect([refused.status, refused.text]).toEqual([409, "Thread already exists"]);
    expect((await server.call("POST", "/threads", { ...again, if_exists: "do_nothing" })).json).toEqual(first);
  });

  test("422: the id is no UUID", async () => {
    expect((await server.call("POST", "/threads", { thread_id: "x" })).text).toBe("thread_id must be a UUID");
  });
});

describe("GET /threads/:thread_id", () => {
  test("200, in whatever case its id is written", async () => {
    const thread = await make({ metadata: { a: 1 } });
    expect((await server.call("GET", `/threads/${thread.thread_id.toUpperCase()}?include=ttl`)).json).toEqual(thread);
  });

  test("404 and 422", async () => {
    const missing = await server.call("GET", `/threads/${UNKNOWN}`);
    expect([missing.status, missing.text]).toEqual([404, `Thread with ID ${UNKNOWN} not found`]);
    const bad = await server.call("GET", "/threads/abc");
    expect([bad.status, bad.text]).toEqual([422, "thread_id must be a UUID"]);
  });
});

describe("PATCH /threads/:thread_id", () => {
  test("200: merges metadata", async () => {
    const { thread_id: id } = await make({ metadata: { a: 1, b: { c: 1 } } });
    const { json } = await server.call("PATCH", `/threads/${id}`, { metadata: { b: { d: 2 } } });
    expect(json.metadata).toEqual({ a: 1, b: { d: 2 } });
  });

  test("204: the client wants nothing back", async () => {
    const { thread_id: id } = await make();
    const answer = await server.call("PATCH", `/threads/${id}`, { metadata: { a: 1 } }, { prefer: "return=minimal" });
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect((await server.call("GET", `/threads/${id}`)).json.metadata).toEqual({ a: 1 });
  });

  test("404", async () => {
    const { status, text } = await server.call("PATCH", `/threads/${UNKNOWN}`, { metadata: {} });
    expect([status, text]).toEqual([404, "Thread not found"]);
  });
});

describe("DELETE /threads/:thread_id", () => {
  test("204, then 404", async () => {
    const { thread_id: id } = await make();
    expect((await server.call("DELETE", `/threads/${id}`)).status).toBe(204);
    expect((await server.call("DELETE", `/threads/${id}`)).status).toBe(404);
  });

  test("204: takes its runs along", async () => {
    const { thread_id: id } = await make();
    const run = await server.call("POST", `/threads/${id}/runs`, { assistant_id: "agent" });
    expect((await server.call("DELETE", `/threads/${id}`)).status).toBe(204);
    expect((await server.call("GET", `/threads/${id}/runs/${run.json.run_id}`)).status).toBe(404);
  });
});

describe("POST /threads/search and /count", () => {
  test("200: filters, pages, sorts and selects", async () => {
    const tag = { suite: "search" };
    const ids: string[] = [];
    for (const n of [1, 2, 3]) ids.push((await make({ metadata: { ...tag, n } })).thread_id);
    const search = (body: object) => server.call("POST", "/threads/search", { metadata: tag, ...body });

    const first = await search({ limit: 2, select: ["thread_id", "metadata"] });
    expect(first.headers.get("x-pagination-total")).toBe("3");
    expect(first.headers.get("x-pagination-next")).toBe("2");
    expect(first.json.map(({ thread_id }: { thread_id: string }) => thread_id)).toEqual([ids[2], ids[1]]);
    expect(Object.keys(first.json[0]).toSorted()).toEqual(["metadata", "thread_id"]);

    const ascending = await search({ sort_by: "created_at", sort_order: "asc" });
    expect(ascending.json.map(({ thread_id }: { thread_id: string }) => thread_id)).toEqual(ids);
    expect((await search({ ids: [ids[0]] })).json).toHaveLength(1);
    expect((await search({ status: "busy" })).json).toEqual([]);
    expect((await search({ values: { a: 1 } })).json).toEqual([]);
    expect((await search({ metadata: { n: 2 } })).json).toHaveLength(1);
    expect((await server.call("POST", "/threads/count", { metadata: tag, status: "idle" })).text).toBe("3");
  });

  test("422: names the field", async () => {
    const search = (body: object) => server.call("POST", "/threads/search", body);
    expect((await search({ status: "nope" })).text).toBe("status must be one of: idle, busy, interrupted, error");
    expect((await search({ select: ["nope"] })).status).toBe(422);
    expect((await search({ ids: ["nope"] })).text).toBe("ids.0 must be a UUID");
  });
});

describe("what a client without manners sends", () => {
  test("200: any content type, and none", async () => {
    const body = '{"metadata":{"a":1}}';
    for (const type of ["text/plain;charset=ISO-8859-1", "application/json", "nonsense"]) {
      const { json } = await server.call("POST", "/threads", body, { "content-type": type });
      expect(json.metadata).toEqual({ a: 1 });
    }
    expect((await server.call("POST", "/threads", "null")).status).toBe(200);
    expect((await server.call("POST", "/threads", "  ")).status).toBe(200);
  });

  test("400: no JSON", async () => {
    const { status, text } = await server.call("POST", "/threads", '{"metadata":');
    expect([status, text]).toEqual([400, "Malformed JSON in request body"]);
  });

  test("413: too much", async () => {
    const { status, text } = await server.call("POST", "/threads", { metadata: { a: "x".repeat(1024 * 1024) } });
    expect([status, text]).toEqual([
      413,
      "Request body is larger than 1048576 bytes, which is the limit of this server",
    ]);
  });

  test("422: something else than an object", async () => {
    expect((await server.call("POST", "/threads", "[]")).text).toBe("request body must be object");
  });
});
