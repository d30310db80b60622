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
      context: {},
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
    const path = `/threads/${thread.thread_id.toUpperCase()}`;
    expect((await server.call("GET", path)).json).toEqual(thread);
    expect((await server.call("GET", `${path}?include=ttl`)).json).toEqual({ ...thread, ttl: null });
  });

  test("404 and 422", async () => {
    const missing = await server.call("GET", `/threads/${UNKNOWN}`);
    expect([missing.status, missing.text]).toEqual([404, `Thread with ID ${UNKNOWN} not found`]);
    const bad = await server.call("GET", "/threads/abc");
    expect([bad.status, bad.text]).toEqual([422, "thread_id must be a UUID"]);
  });
});

describe("a lifetime", () => {
  const ttlOf = async (id: string) => (await server.call("GET", `/threads/${id}?include=other,ttl`)).json.ttl;

  test("200: set when made, in minutes; told to those who ask", async () => {
    for (const ttl of [90, { ttl: 90 }, { ttl: 90, strategy: "delete" }, { ttl: 90, strategy: null }]) {
      const thread = await make({ ttl });
      expect(thread).not.toHaveProperty("ttl");
      const told = await ttlOf(thread.thread_id);
      expect(told).toEqual({ strategy: "delete", ttl_minutes: 90, expires_at: expect.stringMatching(/Z$/) });
      expect((Date.parse(told.expires_at) - Date.parse(thread.created_at)) / 60_000).toBeCloseTo(90, 0);
    }
  });

  test("200: set anew by a patch of nothing else", async () => {
    const { thread_id: id, metadata } = await make({ metadata: { a: 1 } });
    const { status, json } = await server.call("PATCH", `/threads/${id}`, {
      ttl: { ttl: 0.5, strategy: "keep_latest" },
    });
    expect(status).toBe(200);
    expect(json.metadata).toEqual(metadata);
    expect(await ttlOf(id)).toMatchObject({ strategy: "keep_latest", ttl_minutes: 0.5 });
    await server.call("PATCH", `/threads/${id}`, { metadata: { b: 1 }, ttl: null });
    expect(await ttlOf(id)).toMatchObject({ strategy: "keep_latest", ttl_minutes: 0.5 });
  });

  test("422: no lifetime at all", async () => {
    for (const ttl of [0, -1, "1", { ttl: 0 }, { ttl: 1, strategy: "nope" }, {}, 1e300]) {
      const { status, text } = await server.call("POST", "/threads", { ttl });
      expect([status, text]).toEqual([
        422,
        "ttl must be a number of minutes above 0, or an object with one and a strategy (delete or keep_latest)",
      ]);
    }
  });
});

describe("PATCH /threads/:thread_id", () => {
  test("200: merges metadata", async () => {
    const { thread_id: id } = await make({ metadata: { a: 1, b: { c: 1 } } });
    const { json } = await server.call("PATCH", `/threads/${id}`, { metadata: { b: { d: 2 } } });
    expect(json.metadata).toEqual({ a: 1, b: { d: 2 } });
  });

  test.each(["return=minimal", "RETURN = Minimal"])("204: the client wants nothing back (%s)", async (prefer) => {
    const { thread_id: id } = await make();
    const answer = await server.call("PATCH", `/threads/${id}`, { metadata: { a: 1 } }, { prefer });
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

  test("200: extracts parts of rows under names of their own", async () => {
    const { thread_id: id } = await make({ metadata: { list: [{ n: 1 }, { n: 2 }] } });
    const extract = { last: "metadata.list[-1].n", status: "status", none: "values.messages[-1]" };
    const search = async (body: object) => (await server.call("POST", "/threads/search", { ids: [id], ...body })).json;

    const [row] = await search({ extract });
    expect(row.extracted).toEqual({ last: 2, status: "idle", none: null });
    expect(row).toMatchObject({ thread_id: id, values: null });
    expect(await search({ extract, select: ["thread_id"] })).toEqual([{ thread_id: id, extracted: row.extracted }]);
    expect((await search({ extract: {} }))[0]).not.toHaveProperty("extracted");
  });

  test("200: every sort key in both directions", async () => {
    for (const sort_by of ["thread_id", "status", "created_at", "updated_at", "state_updated_at"]) {
      for (const sort_order of ["asc", "desc"]) {
        const { status, json } = await server.call("POST", "/threads/search", { sort_by, sort_order, limit: 1000 });
        expect(status).toBe(200);
        const keys = json.map((thread: Record<string, string | null>) => thread[sort_by] ?? "");
        expect(keys).toEqual(sort_order === "asc" ? keys.toSorted() : keys.toSorted().toReversed());
      }
    }
  });

  test("422: an extract that cannot be", async () => {
    const refused = async (extract: unknown) => {
      const { status, text } = await server.call("POST", "/threads/search", { extract });
      return `${status} ${text}`;
    };
    expect(await refused({ x: "values[" })).toBe("422 extract.x must be a path like values.messages[-1]");
    expect(await refused({ x: "nope" })).toMatch(/^422 extract.x must begin with one of: thread_id/);
    expect(await refused({ x: 7 })).toBe("422 extract.x must be string");
    const eleven = Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`a${n}`, "values"]));
    expect(await refused(eleven)).toMatch(/^422 extract must NOT have more than 10 properties/);
  });

  test("422: names the field", async () => {
    const search = (body: object) => server.call("POST", "/threads/search", body);
    expect((await search({ status: "nope" })).text).toBe("status must be one of: idle, busy, interrupted, error");
    expect((await search({ select: ["nope"] })).status).toBe(422);
    expect((await search({ ids: ["nope"] })).text).toBe("ids.0 must be a UUID");
  });
});

describe("POST /threads/:thread_id/copy", () => {
  test("200: a thread of its own, named in its metadata; the body may be missing", async () => {
    const source = await make({ metadata: { a: 1 }, ttl: 5 });

    const { status, json: copy } = await server.call("POST", `/threads/${source.thread_id}/copy`);

    expect(status).toBe(200);
    expect(copy.thread_id).not.toBe(source.thread_id);
    expect(copy.metadata).toEqual({ a: 1, thread_id: copy.thread_id });
    await server.call("PATCH", `/threads/${copy.thread_id}`, { metadata: { a: 2 } });
    expect((await server.call("GET", `/threads/${source.thread_id}`)).json).toEqual(source);
  });

  test("409 and 422", async () => {
    const missing = await server.call("POST", `/threads/${UNKNOWN}/copy`);
    expect([missing.status, missing.text]).toEqual([409, "Thread not found"]);
    expect((await server.call("POST", "/threads/x/copy")).text).toBe("thread_id must be a UUID");
  });
});

describe("POST /threads/prune", () => {
  const prune = async (body: object) => (await server.call("POST", "/threads/prune", body)).json;
  const statusOf = async (id: string) => (await server.call("GET", `/threads/${id}`)).status;

  test("200: deletes by default, with runs in flight; unknown and repeated ids do not count", async () => {
    const [idle, busy] = [await make(), await make()].map(({ thread_id }) => thread_id as string) as [string, string];
    await server.call("POST", `/threads/${busy}/runs`, { assistant_id: "agent" });

    expect(await prune({ thread_ids: [idle, busy, UNKNOWN, idle] })).toEqual({ pruned_count: 2 });

    expect([await statusOf(idle), await statusOf(busy)]).toEqual([404, 404]);
    expect(await prune({ thread_ids: [] })).toEqual({ pruned_count: 0 });
  });

  test("200: keep_latest leaves the thread, and busy ones alone", async () => {
    const [idle, busy] = [await make(), await make()].map(({ thread_id }) => thread_id as string) as [string, string];
    await server.call("POST", `/threads/${busy}/runs`, { assistant_id: "agent" });

    expect(await prune({ thread_ids: [idle, busy, UNKNOWN], strategy: "keep_latest" })).toEqual({ pruned_count: 1 });

    expect([await statusOf(idle), await statusOf(busy)]).toEqual([200, 200]);
  });

  test("422: names the field", async () => {
    const refused = async (body: object) => (await server.call("POST", "/threads/prune", body)).text;
    expect(await refused({})).toBe("thread_ids is required");
    expect(await refused({ thread_ids: ["x"] })).toBe("thread_ids.0 must be a UUID");
    expect(await refused({ thread_ids: [], strategy: "x" })).toBe("strategy must be one of: delete, keep_latest");
    expect(await refused({ thread_ids: Array.from({ length: 1001 }, () => UNKNOWN) })).toMatch(/1000 items/);
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

  test("200: behind a byte order mark", async () => {
    expect((await server.call("POST", "/threads", '\uFEFF{"metadata":{"a":1}}')).json.metadata).toEqual({ a: 1 });
    expect((await server.call("POST", "/threads", "\uFEFF")).status).toBe(200);
  });

  test("422 with the name of the field: NUL where text is taken literally", async () => {
    const { thread_id: id } = await make({});
    const calls: [string, string, unknown, string][] = [
      ["POST", `/threads/${id}/history`, { before: "a\0" }, "before"],
      ["GET", `/threads/${id}/history?before=a%00`, undefined, "before"],
      ["POST", `/threads/${id}/history`, { metadata: { a: "\0" } }, "metadata.a"],
      ["POST", `/threads/${id}/history`, { checkpoint: { checkpoint_ns: "\0" } }, "checkpoint.checkpoint_ns"],
      ["POST", `/threads/${id}/state`, { values: {}, checkpoint_id: "\0" }, "checkpoint_id"],
      ["POST", `/threads/${id}/state`, { values: {}, as_node: "\0" }, "as_node"],
      ["POST", `/threads/${id}/state/checkpoint`, { checkpoint: { checkpoint_id: "\0" } }, "checkpoint.checkpoint_id"],
      ["POST", "/threads/search", { metadata: { a: "\0" } }, "metadata.a"],
      ["POST", "/threads/count", { values: { "\0": 1 } }, "values"],
      ["POST", "/threads/search", { extract: { a: "values.\0" } }, "extract.a"],
      ["POST", `/threads/${id}/runs`, { assistant_id: "a\0" }, "assistant_id"],
      [
        "POST",
        `/threads/${id}/runs`,
        { assistant_id: "agent", config: { configurable: { checkpoint_id: "\0" } } },
        "config.configurable.checkpoint_id",
      ],
      ["GET", `/threads/${id}/runs?metadata=${encodeURIComponent('{"a":"\\u0000"}')}`, undefined, "metadata.a"],
      ["POST", "/assistants/search", { graph_id: "\0" }, "graph_id"],
      ["PUT", "/store/items", { namespace: ["\0"], key: "k", value: {} }, "namespace.0"],
      ["GET", "/store/items?key=a&namespace=a%00", undefined, "namespace.0"],
      ["POST", "/store/items/search", { namespace_prefix: [], filter: { a: "\0" } }, "filter.a"],
    ];
    for (const [method, path, body, field] of calls) {
      const { status, text } = await server.call(method, path, body);
      expect([status, text]).toEqual([422, `${field} must not contain NUL characters`]);
    }
  });

  test("400: no JSON", async () => {
    const { status, text } = await server.call("POST", "/threads", '{"metadata":');
    expect([status, text]).toEqual([400, "Malformed JSON in request body"]);
  });

  test("413: too much", async () => {
    const { status, text } = await server.call("POST", "/threads", { metadata: { a: "x".repeat(1024 * 1024) } });
    expect([status, text]).toEqual([
      413,
      "Request body is larger than 1048576 bytes, which is the limit of this server (HTTP_MAX_REQUEST_BODY_BYTES)",
    ]);
  });

  test("422: something else than an object", async () => {
    expect((await server.call("POST", "/threads", "[]")).text).toBe("request body must be object");
  });
});
