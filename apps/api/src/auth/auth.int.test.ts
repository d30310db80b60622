import type { AuthHandlers } from "@graphfleet/domain";
import { silentLog } from "@graphfleet/testkit";
import { openApi, rulesOf, type TestApi } from "../../test/open-api.js";
import { openAuth } from "./open-auth.js";

/** The SDK's exception, as any copy of it looks. */
const refusal = (status: number, message: string, headers: object = {}) =>
  Object.assign(new Error(message), { status, headers });

const PEOPLE: Readonly<Record<string, unknown>> = {
  ann: { identity: "ann", permissions: ["write"], org: "acme" },
  bob: "bob",
  odd: { name: "odd" },
};

async function authenticate(request: Request): Promise<unknown> {
  const token = request.headers.get("authorization");
  if (token === "read the body") return `${request.method} ${request.url} ${await request.text()}`;
  if (token === "break") throw new Error("the directory of users is gone");
  if (token === null) throw refusal(401, "Who are you?", { "WWW-Authenticate": "Bearer", "content-length": "1" });
  return PEOPLE[token];
}

const handlers: AuthHandlers = {
  "threads:create": ({ value, user }) => {
    value["metadata"] = { ...(value["metadata"] as object), owner: user["identity"] };
  },
  threads: ({ user }) => ({ owner: user["identity"] }),
  "assistants:search": () => false,
  "assistants:read": () => "maybe",
  "assistants:create": () => Promise.reject(refusal(402, "Pay first", { "x-plan": "free" })),
};

const open = (studio = false): Promise<TestApi> =>
  openApi(
    openAuth({
      project: { authenticate, handlers },
      settings: { target: null },
      keys: null,
      studio,
      log: silentLog,
    }),
  );

describe("a server where callers log in", () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await open();
  });
  afterAll(() => api.close());
  const as = (who: string) => ({ authorization: who });

  test.each(["/ok", "/info", "/metrics", "/docs", "/openapi.json"])("%s is open to everybody", async (path) => {
    expect((await api.call("GET", path)).status).toBe(200);
  });

  test("a refusal has its status, its words as JSON, and its headers", async () => {
    const answer = await api.call("POST", "/threads/search", {});

    expect(answer.status).toBe(401);
    expect(answer.json).toEqual({ detail: "Who are you?" });
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  });

  test("paths that nobody serves need a login too", async () => {
    expect((await api.call("GET", "/nowhere")).status).toBe(401);
    expect((await api.call("GET", "/nowhere", undefined, as("ann"))).status).toBe(404);
  });

  test("a preflight needs none", async () => {
    const answer = await api.call("OPTIONS", "/threads", undefined, {
      origin: "http://localhost:3000",
      "access-control-request-method": "POST",
    });
    expect(answer.status).toBe(204);
  });

  test("an answer that names nobody is the project's mistake, and lets nobody in", async () => {
    const answer = await api.call("POST", "/threads/search", {}, as("odd"));

    expect(answer.status).toBe(500);
    expect(answer.json.detail).toContain("Invalid auth response");
  });

  test("an authenticator that breaks lets nobody in, and its words stay inside", async () => {
    const answer = await api.call("POST", "/threads/search", {}, as("break"));

    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain("directory");
  });

  test("an authenticator may read the body, and the route still has it", async () => {
    const { status, json } = await api.call("POST", "/threads", { metadata: { k: 1 } }, as("read the body"));

    expect(status).toBe(200);
    expect(json.metadata).toEqual({ k: 1, owner: `POST ${api.url}/threads {"metadata":{"k":1}}` });
  });

  test("a body that is too large is refused also where the authenticator reads it", async () => {
    const { status } = await api.call("POST", "/threads", "x".repeat(1024 * 1024 + 1), as("read the body"));

    expect(status).toBe(413);
  });

  test("a handler may refuse, in its own words or without any", async () => {
    expect(await api.call("POST", "/assistants/search", {}, as("ann"))).toMatchObject({
      status: 403,
      json: { detail: "Forbidden" },
    });
    const answer = await api.call("POST", "/assistants", { graph_id: "agent" }, as("ann"));
    expect(answer).toMatchObject({ status: 402, json: { detail: "Pay first" } });
    expect(answer.headers.get("x-plan")).toBe("free");
  });

  test("an answer that means nothing opens nothing", async () => {
    expect((await api.call("GET", "/assistants/agent", undefined, as("ann"))).status).toBe(500);
  });

  test("what a handler stamps is what its filter finds, for its owner only", async () => {
    const { json: thread } = await api.call("POST", "/threads", { metadata: { owner: "bob" } }, as("ann"));

    expect(thread.metadata).toEqual({ owner: "ann" });
    expect((await api.call("GET", `/threads/${thread.thread_id}`, undefined, as("ann"))).status).toBe(200);
    expect((await api.call("GET", `/threads/${thread.thread_id}`, undefined, as("bob"))).status).toBe(404);
    const { json: found } = await api.call("POST", "/threads/search", { metadata: { owner: "ann" } }, as("bob"));
    expect(found).toEqual([]);
  });

  test("who says to be Studio is asked like everybody", async () => {
    expect((await api.call("POST", "/threads/search", {}, { "x-auth-scheme": "langsmith" })).status).toBe(401);
  });
});

describe("a server that guards what is open elsewhere", () => {
  let api: TestApi;
  beforeAll(async () => {
    const auth = openAuth({
      project: { authenticate, handlers },
      settings: { target: null, openapi: { security: [{ bearer: [] }] } },
      keys: null,
      studio: false,
      log: silentLog,
    });
    api = await openApi({ ...auth, rules: { ...rulesOf(), guarded: ["/metrics", "/openapi.json"] } });
  });
  afterAll(() => api.close());

  test.each(["/metrics", "/Metrics", "/metrics/", "/metrics?format=json", "/openapi.json"])(
    "%s needs a login",
    async (path) => {
      expect((await api.call("GET", path)).status).toBe(401);
      expect((await api.call("GET", path, undefined, { authorization: "ann" })).status).toBe(200);
    },
  );

  test.each(["/ok", "/info", "/docs"])("%s is open", async (path) => {
    expect((await api.call("GET", path)).status).toBe(200);
  });

  test("its document tells what needs a login", async () => {
    const { json } = await api.call("GET", "/openapi.json", undefined, { authorization: "ann" });
    expect(json.security).toEqual([{ bearer: [] }]);
    expect(json.paths["/info"].get.security).toEqual([]);
    expect(json.paths["/metrics"].get).not.toHaveProperty("security");
  });
});

test("who is not told in time who is calling, or what they may do, says so", async () => {
  const silence = () => new Promise<never>(() => undefined);
  const people = (request: Request) => (request.headers.get("authorization") === "ann" ? "ann" : silence());
  const project = { authenticate: people, handlers: { threads: silence } };
  const api = await openApi(
    openAuth({ project, settings: null, keys: null, studio: false, timeoutMs: 20, log: silentLog }),
  );
  try {
    const nobody = await api.call("POST", "/threads", {});
    expect(nobody).toMatchObject({ status: 504, json: { detail: "authenticate did not answer within 0.02 seconds" } });
    const ann = await api.call("POST", "/threads", {}, { authorization: "ann" });
    expect(ann.status).toBe(504);
    expect(ann.json.detail).toContain("threads:create did not answer");
  } finally {
    await api.close();
  }
});

test("Studio comes in where its user said so", async () => {
  const api = await open(true);
  try {
    const { json } = await api.call("POST", "/threads", {}, { "x-auth-scheme": "langsmith" });
    expect(json.metadata).toEqual({ owner: "langgraph-studio-user" });
  } finally {
    await api.close();
  }
});
