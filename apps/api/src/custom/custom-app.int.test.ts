import { once } from "node:events";
import { connect } from "node:net";
import { AuthRefusal, userOf } from "@graphfleet/domain";
import type { HttpApp, HttpSettings } from "@graphfleet/runtime";
import express from "express";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { streamText } from "hono/streaming";
import { openApi, rulesOf, type TestApi } from "../../test/open-api.js";
import type { Login } from "../auth/authenticate.js";
import { openLoopback } from "./loopback.js";

const loopback = openLoopback("");
let left: Promise<void>;

function honoApp(): Hono {
  let sayLeft: () => void = () => undefined;
  left = new Promise((resolve) => {
    sayLeft = resolve;
  });
  const app = new Hono();
  app.notFound((c) => c.text("the app's own 404", 404));
  app.use("*", async (c, next) => {
    await next();
    c.header("x-wrapped", "yes");
  });
  app.use("/threads", async (c, next) => {
    const body = await c.req.json().catch(() => null);
    if (body !== null) body.metadata = { ...body.metadata, seen: true };
    await next();
  });
  app.use("/assistants/search", async (c, next) => {
    c.req.raw = new Request(c.req.raw, { headers: { "x-set-by": "app" } });
    await next();
  });
  app.use("/store/*", async (c, next) => {
    if (c.req.header("x-block") === "yes") return c.json({ blocked: true }, 418);
    return await next();
  });
  app.get("/runs/afakeroute", (c) => c.text("mine"));
  app.get("/whoami", (c) => c.json((c as unknown as { get(name: string): unknown }).get("auth") ?? null));
  app.get("/teapot", () => {
    throw new HTTPException(418, { message: "short and stout" });
  });
  app.get("/sdk-exception", () => {
    throw Object.assign(new Error("pay first"), { status: 402, headers: { "x-price": "1" } });
  });
  app.get("/bug", () => {
    throw new Error("a secret");
  });
  app.get("/cookies", (c) => {
    c.header("set-cookie", "a=1");
    c.header("set-cookie", "b=2", { append: true });
    return c.text("two");
  });
  app.get("/slow", (c) =>
    streamText(c, async (stream) => {
      const gone = new Promise<void>((resolve) => stream.onAbort(resolve));
      await stream.write("first");
      await gone;
      sayLeft();
    }),
  );
  app.post("/upload", async (c) => c.text(String((await c.req.arrayBuffer()).byteLength)));
  app.get(
    "/threads-through-loopback",
    async () => await loopback.fetch("/threads/count", { method: "POST", body: "{}" }),
  );
  return app;
}

function expressApp(): express.Express {
  const app = express();
  app.set("json spaces", 4);
  app.use((_req, res, next) => {
    res.setHeader("x-wrapped", "yes");
    next();
  });
  app.use(express.json());
  app.post("/threads", (req, _res, next) => {
    if (req.body !== undefined) req.body.metadata = { ...req.body.metadata, seen: true };
    next();
  });
  app.use("/store", (req, res, next) => {
    if (req.get("x-block") === "yes") res.status(418).json({ blocked: true });
    else next();
  });
  app.get("/runs/afakeroute", (_req, res) => void res.send("mine"));
  app.get("/whoami", (req, res) => void res.json((req as { auth?: unknown }).auth ?? null));
  app.get("/teapot", () => {
    throw Object.assign(new Error("short and stout"), { status: 418 });
  });
  app.get("/bug", async () => {
    throw new Error("a secret");
  });
  return app;
}

const asHono = (): HttpApp["app"] => ({ kind: "hono", hono: honoApp() as never });
const asNode = (): HttpApp["app"] => ({ kind: "node", handler: expressApp() as never });

const login: Login = async ({ headers }) => {
  if (headers.authorization === undefined) throw new AuthRefusal(401, "who are you?");
  return userOf({ identity: headers.authorization, permissions: ["read"] });
};

let api: TestApi;
afterEach(() => api?.close());

const open = async (custom: HttpApp["app"], settings: Partial<HttpSettings> = {}, more: { login?: Login } = {}) => {
  api = await openApi({ custom, rules: rulesOf(settings), loopback, ...more });
  return api;
};

describe.each([
  ["a Hono app", asHono],
  ["an Express app", asNode],
])("%s around the built-in routes", (_what, app) => {
  test("answers first, wraps what it leaves, and changes bodies", async () => {
    await open(app());

    expect(await api.call("GET", "/runs/afakeroute")).toMatchObject({ status: 200, text: "mine" });

    const { json: thread, headers } = await api.call(
      "POST",
      "/threads",
      { metadata: { own: 1 } },
      { "content-type": "application/json" },
    );
    expect(thread.metadata).toEqual({ own: 1, seen: true });
    expect(headers.get("x-wrapped")).toBe("yes");

    const read = await api.call("GET", `/threads/${thread.thread_id}`);
    expect(read).toMatchObject({ status: 200, json: { thread_id: thread.thread_id } });
    expect(read.text).not.toContain("\n");
    expect(read.headers.get("x-powered-by")).toBeNull();

    expect(await api.call("POST", "/threads")).toMatchObject({ status: 200 });
    expect(await api.call("POST", "/threads", "{nonsense")).toMatchObject({ status: 400 });
    expect(await api.call("GET", "/store/items", undefined, { "x-block": "yes" })).toMatchObject({
      status: 418,
      json: { blocked: true },
    });
    // The SDK's way to delete sends a body along.
    expect(await api.call("DELETE", "/store/items", { namespace: ["a"], key: "b" })).toMatchObject({ status: 204 });
    expect((await fetch(`${api.url}/info`, { method: "HEAD" })).status).toBe(200);
  });

  test("does not replace our 404, and its exceptions keep their status", async () => {
    await open(app());

    expect(await api.call("GET", "/nobody/knows")).toMatchObject({ status: 404, text: "404 Not Found" });
    expect(await api.call("GET", "/teapot")).toMatchObject({ status: 418, text: "short and stout" });
    expect(await api.call("GET", "/bug")).toMatchObject({ status: 500, text: "Internal Server Error" });
    expect(await api.call("POST", "/threads", "x".repeat(2 * 1024 * 1024))).toMatchObject({ status: 413 });
  });

  test("its routes are open to everybody unless auth is said to come first", async () => {
    await open(app(), {}, { login });
    expect(await api.call("GET", "/whoami")).toMatchObject({ status: 200, json: null });
    expect(await api.call("POST", "/threads", {})).toMatchObject({ status: 401 });
    await api.close();

    await open(app(), { middleware_order: "auth_first" }, { login });
    expect(await api.call("GET", "/whoami")).toMatchObject({ status: 401 });
    expect(await api.call("GET", "/ok")).toMatchObject({ status: 200 });
    const asked = await api.call("GET", "/whoami", undefined, { authorization: "ann" });
    expect(asked.json).toMatchObject({ user: { identity: "ann" }, scopes: ["read"] });
    expect(await api.call("POST", "/threads", {}, { authorization: "ann" })).toMatchObject({ status: 200 });
  });

  test("somebody who hangs up on a run is noticed", async () => {
    await open(app());
    const { json: thread } = await api.call("POST", "/threads", {});
    const response = await fetch(`${api.url}/threads/${thread.thread_id}/runs/stream`, {
      method: "POST",
      body: JSON.stringify({ assistant_id: "agent", on_disconnect: "cancel" }),
    });
    expect(response.headers.get("content-location")).toMatch(/^\/threads\/.*\/runs\//);
    const run = response.headers.get("content-location") ?? "";
    await response.body?.cancel();

    // Nobody executes it, so only its end by the one who left lets this answer.
    await api.call("GET", `${run}/join`);
    expect((await api.call("GET", run)).json.status).toBe("interrupted");
  });

  test("under a prefix, it is under the prefix too", async () => {
    await open(app(), { mount_prefix: "/my(api)" });
    expect(await api.call("GET", "/my(api)/runs/afakeroute")).toMatchObject({ status: 200, text: "mine" });
    expect(await api.call("POST", "/my(api)/threads/count", {})).toMatchObject({ status: 200 });
    expect(await api.call("GET", "/runs/afakeroute")).toMatchObject({ status: 404 });
    expect(await api.call("GET", "/ok")).toMatchObject({ status: 200 });
  });
});

describe("a Hono app", () => {
  test("sends cookies one by one, and answers of SDK exceptions with their headers", async () => {
    await open(asHono());
    const cookies = await fetch(`${api.url}/cookies`);
    expect(cookies.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    const refused = await api.call("GET", "/sdk-exception");
    expect(refused).toMatchObject({ status: 402, text: "pay first" });
    expect(refused.headers.get("x-price")).toBe("1");
  });

  test("may replace the request, and take bodies larger than our limit", async () => {
    await open(asHono());
    expect(await api.call("POST", "/assistants/search", { graph_id: "echo" })).toMatchObject({
      status: 200,
      json: [{ graph_id: "echo" }],
    });
    expect(await api.call("POST", "/upload", "x".repeat(3 * 1024 * 1024))).toMatchObject({ text: "3145728" });
  });

  test("streams as it writes, and learns when its client leaves", async () => {
    await open(asHono());
    const { body } = await fetch(`${api.url}/slow`);
    const reader = body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("first");
    await reader.cancel();
    await left;
  });

  test("calls this very server without a network", async () => {
    await open(asHono());
    await api.call("POST", "/threads", {});
    const answer = await api.call("GET", "/threads-through-loopback");
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.json).toBeGreaterThanOrEqual(1);
    expect(answer.headers.get("x-request-id")).not.toBeNull();
  });

  test("is counted as custom, our routes by their template", async () => {
    await open(asHono());
    const { json: thread } = await api.call("POST", "/threads", {});
    await api.call("GET", `/threads/${thread.thread_id}`);
    await api.call("GET", "/runs/afakeroute");
    const { text } = await api.call("GET", "/metrics");
    expect(text).toMatch(/http_requests_total\{[^}]*path="\/threads\/:thread_id"/);
    expect(text).toMatch(/http_requests_total\{[^}]*path="custom"/);
    expect(text).not.toContain('path="unmatched"');
  });

  test("a request that the web's form cannot hold is refused", async () => {
    await open(asHono());
    const socket = connect(api.api.port, "127.0.0.1");
    socket.write("TRACE /ok HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    const [head] = (await once(socket, "data")) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1.1 400 /);
    socket.destroy();
  });
});
