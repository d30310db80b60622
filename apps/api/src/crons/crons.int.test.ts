import { type Authorizer, forbidden, systemAssistantId } from "@graphfleet/domain";
import { openApi, type TestApi } from "../../test/open-api.js";

let server: TestApi;
beforeAll(async () => {
  server = await openApi();
});
afterAll(() => server?.close());

const create = (body: object = {}, path = "/runs/crons", on = server) =>
  on.call("POST", path, { assistant_id: "agent", schedule: "0 8 * * *", ...body });
const patch = (id: string, body: object) => server.call("PATCH", `/runs/crons/${id}`, body);
const search = (body: object = {}) => server.call("POST", "/runs/crons/search", body);
const newThread = async (): Promise<string> => (await server.call("POST", "/threads", {})).json.thread_id;

const NOBODY = "11111111-2222-4333-8444-555555555555";

describe("POST /runs/crons", () => {
  test("200: the cron, with what it will run and when", async () => {
    const { status, json } = await create({
      timezone: "Europe/Berlin",
      end_time: "2999-01-01T00:00:00",
      input: { n: 1 },
      metadata: { kind: "daily" },
      interrupt_before: "*",
      stream_mode: "updates",
      checkpoint_during: false,
      something_else: true,
    });

    expect(status).toBe(200);
    expect(json).toEqual({
      cron_id: expect.any(String),
      assistant_id: systemAssistantId("agent"),
      thread_id: null,
      on_run_completed: "delete",
      schedule: "0 8 * * *",
      timezone: "Europe/Berlin",
      end_time: "2999-01-01T00:00:00.000Z",
      enabled: true,
      next_run_date: expect.stringMatching(/T0[67]:00:00\.000Z$/),
      user_id: null,
      payload: {
        assistant_id: systemAssistantId("agent"),
        schedule: "0 8 * * *",
        input: { n: 1 },
        config: {},
        context: null,
        metadata: { kind: "daily" },
        multitask_strategy: "enqueue",
        stream_mode: ["updates"],
        stream_subgraphs: false,
        stream_resumable: false,
        interrupt_before: "*",
        durability: "exit",
      },
      metadata: { kind: "daily" },
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    expect((await server.call("GET", `/runs/crons/${json.cron_id}`)).json).toEqual(json);
  });

  test("keeps what its caller sent along, and shows it to nobody", async () => {
    const { json, text } = await server.call(
      "POST",
      "/runs/crons",
      { assistant_id: "agent", schedule: "@daily" },
      { "x-flavour": "vanilla" },
    );
    expect(text).not.toContain("vanilla");
    const { rows } = await server.ledger.pool.query("SELECT auth FROM crons WHERE cron_id = $1", [json.cron_id]);
    expect(rows).toMatchObject([{ auth: { caller: { headers: { "x-flavour": "vanilla" } } } }]);
  });

  test("200: a disabled one has no next moment", async () => {
    expect((await create({ enabled: false, on_run_completed: "keep" })).json).toMatchObject({
      enabled: false,
      next_run_date: null,
      on_run_completed: "keep",
    });
  });

  test("404: an unknown assistant", async () => {
    expect((await create({ assistant_id: "nope" })).text).toContain('No assistant found for "nope"');
    expect((await create({ assistant_id: NOBODY })).status).toBe(404);
  });

  test.each([
    [{ schedule: "" }, "schedule"],
    [{ schedule: "* *" }, "schedule is not a cron expression: it must have five fields"],
    [{ schedule: null }, "schedule is required"],
    [{ schedule: "99 * * * *" }, "schedule is not a cron expression"],
    [{ timezone: "Mars/Olympus" }, "timezone must be an IANA time zone"],
    [{ end_time: "2020-01-01T00:00:00Z" }, "end_time must be in the future"],
    [{ end_time: "soon" }, "end_time must be an ISO 8601 time"],
    [{ on_run_completed: "archive" }, "on_run_completed must be one of"],
    [{ multitask_strategy: "hope" }, "multitask_strategy must be one of"],
    [{ stream_mode: "loud" }, "stream_mode"],
    [{ config: { recursion_limit: 0 } }, "config.recursion_limit"],
    [{ webhook: "http://169.254.169.254/" }, "webhook must not lead to a private or reserved address"],
  ])("422: %j", async (body, problem) => {
    const { status, text } = await create(body);
    expect([status, text]).toEqual([422, expect.stringContaining(problem)]);
  });
});

describe("POST /threads/{id}/runs/crons", () => {
  test("200: on the thread, where what is completed stays", async () => {
    const thread = await newThread();
    const { status, json } = await create({ on_run_completed: "delete" }, `/threads/${thread}/runs/crons`);
    expect(status).toBe(200);
    expect(json).toMatchObject({ thread_id: thread, on_run_completed: null });

    await server.call("DELETE", `/threads/${thread}`);
    expect((await server.call("GET", `/runs/crons/${json.cron_id}`)).status).toBe(404);
  });

  test("404: no such thread", async () => {
    expect((await create({}, `/threads/${NOBODY}/runs/crons`)).text).toBe(`Thread with ID ${NOBODY} not found`);
  });
});

describe("PATCH /runs/crons/{id}", () => {
  test("200: what is said changes, metadata is merged, all else stays", async () => {
    const { json } = await create({ input: { n: 1 }, metadata: { a: 1, b: 1 }, stream_subgraphs: true });
    const changed = (await patch(json.cron_id, { input: { n: 2 }, metadata: { b: 2 } })).json;

    expect(changed).toEqual({
      ...json,
      payload: { ...json.payload, input: { n: 2 }, metadata: { a: 1, b: 2 } },
      metadata: { a: 1, b: 2 },
      updated_at: expect.any(String),
    });
  });

  test("200: null takes the end and the time zone away, absence keeps them", async () => {
    const { json } = await create({ end_time: "2999-01-01T00:00:00Z", timezone: "Asia/Tokyo" });
    const kept = (await patch(json.cron_id, { schedule: "0 9 * * *" })).json;
    expect(kept).toMatchObject({ end_time: json.end_time, next_run_date: expect.stringContaining("T00:00:00") });

    const cleared = (await patch(json.cron_id, { end_time: null, timezone: null })).json;
    expect(cleared).toMatchObject({
      end_time: null,
      timezone: null,
      next_run_date: expect.stringContaining("T09:00:00"),
    });
  });

  test("200: the next moment follows", async () => {
    const { json } = await create();
    expect((await patch(json.cron_id, { enabled: false })).json.next_run_date).toBeNull();
    expect((await patch(json.cron_id, { enabled: true })).json.next_run_date).toBe(json.next_run_date);
  });

  test("422 and 404", async () => {
    const { json } = await create();
    expect((await patch(json.cron_id, { schedule: "never" })).status).toBe(422);
    expect((await patch(json.cron_id, { end_time: "2020-01-01" })).status).toBe(422);
    expect((await patch(json.cron_id, { webhook: "http://127.0.0.1/" })).status).toBe(422);
    expect((await patch(NOBODY, {})).text).toBe("Cron not found");
    expect((await patch("nope", {})).text).toBe("cron_id must be a UUID");
  });
});

test("DELETE: 204, then 404", async () => {
  const { json } = await create();
  const remove = () => server.call("DELETE", `/runs/crons/${json.cron_id}`);
  expect([(await remove()).status, (await remove()).status]).toEqual([204, 404]);
});

describe("POST /runs/crons/search and /count", () => {
  test("200: filtered, sorted, paged, selected and counted", async () => {
    const thread = await newThread();
    const metadata = { of: "search" };
    for (const schedule of ["0 0 1 1 *", "* * * * *"]) await create({ schedule, metadata });
    await create({ assistant_id: "echo", enabled: false, metadata }, `/threads/${thread}/runs/crons`);
    const found = async (body: object) =>
      (await search({ metadata, ...body })).json.map((cron: { schedule: string }) => cron.schedule);

    expect(await found({})).toEqual(["0 8 * * *", "* * * * *", "0 0 1 1 *"]);
    expect(await found({ sort_by: "next_run_date", sort_order: "asc" })).toEqual([
      "* * * * *",
      "0 0 1 1 *",
      "0 8 * * *",
    ]);
    expect(await found({ sort_by: "next_run_date" })).toEqual(["0 0 1 1 *", "* * * * *", "0 8 * * *"]);
    expect(await found({ assistant_id: "echo" })).toEqual(["0 8 * * *"]);
    expect(await found({ assistant_id: "no graph" })).toEqual([]);
    expect(await found({ thread_id: thread })).toEqual(["0 8 * * *"]);
    expect(await found({ enabled: true, sort_order: "asc" })).toEqual(["0 0 1 1 *", "* * * * *"]);

    const page = await search({ metadata, limit: 2, select: ["schedule", "now"] });
    expect(page.json[0]).toEqual({ schedule: "0 8 * * *", now: expect.stringMatching(/Z$/) });
    expect(page.headers.get("x-pagination-total")).toBe("3");
    expect(page.headers.get("x-pagination-next")).toBe("2");

    const count = async (body: object) => (await server.call("POST", "/runs/crons/count", body)).json;
    expect(await count({ metadata })).toBe(3);
    expect(await count({ metadata, assistant_id: systemAssistantId("agent") })).toBe(2);
    expect(await count({ assistant_id: "no graph" })).toBe(0);
  });

  test("422: a field that there is none of", async () => {
    expect((await search({ sort_by: "payload" })).status).toBe(422);
    expect((await search({ select: ["auth"] })).status).toBe(422);
  });
});

test("who may do what is asked first, and what is not theirs does not exist", async () => {
  const asked: string[] = [];
  const authorizer: Authorizer = {
    async authorize(_caller, event, value) {
      asked.push(event);
      if (event === "crons:delete") throw forbidden();
      const scope = { conditions: [{ key: "owner", operator: "eq" as const, value: "ann" }] };
      return { scope: event.startsWith("crons") ? scope : { conditions: [] }, value };
    },
  };
  const guarded = await openApi({ authorizer });
  try {
    const hers = (await create({ metadata: { owner: "ann" } }, "/runs/crons", guarded)).json.cron_id;
    const his = (await create({ metadata: { owner: "bob" } }, "/runs/crons", guarded)).json.cron_id;

    expect((await guarded.call("GET", `/runs/crons/${hers}`)).status).toBe(200);
    expect((await guarded.call("GET", `/runs/crons/${his}`)).status).toBe(404);
    expect((await guarded.call("PATCH", `/runs/crons/${his}`, {})).status).toBe(404);
    expect((await guarded.call("POST", "/runs/crons/count", {})).json).toBe(1);
    expect((await guarded.call("DELETE", `/runs/crons/${hers}`)).status).toBe(403);
    expect(new Set(asked)).toEqual(
      new Set(["crons:create", "threads:create_run", "crons:read", "crons:update", "crons:search", "crons:delete"]),
    );
  } finally {
    await guarded.close();
  }
});
