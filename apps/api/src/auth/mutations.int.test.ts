import type { AuthHandlers } from "@graphfleet/domain";
import { silentLog } from "@graphfleet/testkit";
import { openApi, type TestApi } from "../../test/open-api.js";
import { openAuth } from "./open-auth.js";

const STORE = new Set(["put", "get", "search", "delete", "list_namespaces"]);
const stamped = (value: object | undefined, user: unknown) => ({ ...value, owner: user });

/** Narrows nothing; what it writes into the value is all it says. */
const handlers: AuthHandlers = {
  "*": ({ action, value, user, event }) => {
    const who = user["identity"];
    if (STORE.has(action) && event.startsWith("store:")) {
      value["namespace"] = [who, ...((value["namespace"] as string[] | null) ?? [])];
      if (action === "put") value["value"] = stamped(value["value"] as object, who);
      return;
    }
    if ("metadata" in value) value["metadata"] = stamped(value["metadata"] as object, who);
    if ("config" in value) value["config"] = { configurable: { of: who } };
    if ("kwargs" in value) value["kwargs"] = { input: { of: who }, config: { tags: [who] } };
    if ("payload" in value) value["payload"] = stamped(value["payload"] as object, who);
    const { payload } = value as { payload?: { input?: unknown } };
    if (payload?.input !== undefined) payload.input = { of: who };
  },
};

let api: TestApi;
beforeAll(async () => {
  const project = { authenticate: (request: Request) => request.headers.get("authorization"), handlers };
  api = await openApi(openAuth({ project, settings: null, keys: null, studio: false, log: silentLog }));
});
afterAll(() => api?.close());

// oxlint-disable-next-line typescript/no-explicit-any
async function as(who: string, method: string, path: string, body?: unknown): Promise<any> {
  const { status, json, text } = await api.call(method, path, body, { authorization: who });
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
  return json;
}

test("assistants: what is made, changed, searched and counted", async () => {
  const made = await as("ann", "POST", "/assistants", { graph_id: "agent", metadata: { a: 1 } });
  expect(made).toMatchObject({ metadata: { a: 1, owner: "ann" }, config: { configurable: { of: "ann" } } });
  const changed = await as("bob", "PATCH", `/assistants/${made.assistant_id}`, { metadata: { b: 2 }, config: {} });
  expect(changed).toMatchObject({ metadata: { b: 2, owner: "bob" }, config: { configurable: { of: "bob" } } });

  expect(await as("bob", "POST", "/assistants/search", {})).toMatchObject([{ assistant_id: made.assistant_id }]);
  expect(await as("ann", "POST", "/assistants/search", {})).toEqual([]);
  expect(await as("bob", "POST", "/assistants/count", {})).toBe(1);
});

test("threads: what is made, copied, changed, searched and counted", async () => {
  const thread = await as("cleo", "POST", "/threads", { metadata: { a: 1 } });
  expect(thread.metadata).toEqual({ a: 1, owner: "cleo" });
  expect((await as("dan", "POST", `/threads/${thread.thread_id}/copy`)).metadata).toMatchObject({ a: 1, owner: "dan" });
  expect(await as("cleo", "POST", "/threads/search", {})).toMatchObject([{ thread_id: thread.thread_id }]);
  expect(await as("dan", "POST", "/threads/count", { metadata: { a: 1 } })).toBe(1);

  const patched = await as("dan", "PATCH", `/threads/${thread.thread_id}`, { metadata: { b: 2 } });
  expect(patched.metadata).toEqual({ a: 1, b: 2, owner: "dan" });
});

test("runs of each kind: metadata, and what they are given", async () => {
  const { thread_id } = await as("ann", "POST", "/threads", {});
  const body = { assistant_id: "agent", input: { asked: true } };
  const [one] = await as("ann", "POST", "/runs/batch", [body]);
  const runs = [
    await as("ann", "POST", `/threads/${thread_id}/runs`, body),
    await as("ann", "POST", "/runs", body),
    one,
  ];
  for (const run of runs)
    expect(run).toMatchObject({
      metadata: { owner: "ann" },
      kwargs: { input: { of: "ann" }, config: { tags: ["ann"] } },
    });
});

test("crons: what is made, changed, searched and counted", async () => {
  const body = { assistant_id: "agent", schedule: "@yearly", input: { asked: true }, metadata: { a: 1 } };
  const made = await as("ann", "POST", "/runs/crons", body);
  expect(made).toMatchObject({ metadata: { a: 1, owner: "ann" }, payload: { input: { of: "ann" } } });
  const changed = await as("bob", "PATCH", `/runs/crons/${made.cron_id}`, { metadata: { b: 2 }, input: { more: 1 } });
  expect(changed).toMatchObject({ metadata: { b: 2, owner: "bob" }, payload: { input: { of: "bob" } } });

  expect(await as("ann", "POST", "/runs/crons/search", {})).toEqual([]);
  expect(await as("bob", "POST", "/runs/crons/search", {})).toMatchObject([{ cron_id: made.cron_id }]);
  expect(await as("bob", "POST", "/runs/crons/count", {})).toBe(1);
});

test("items: their place and their value", async () => {
  await as("ann", "PUT", "/store/items", { namespace: ["notes"], key: "k", value: { text: "hers" } });
  expect(await as("ann", "GET", "/store/items?namespace=notes&key=k")).toMatchObject({
    namespace: ["ann", "notes"],
    value: { text: "hers", owner: "ann" },
  });
  expect(await as("bob", "GET", "/store/items?namespace=notes&key=k")).toBeNull();
  expect((await as("bob", "POST", "/store/items/search", { namespace_prefix: [] })).items).toEqual([]);
  expect((await as("ann", "POST", "/store/namespaces", {})).namespaces).toEqual([["ann", "notes"]]);
  await as("bob", "DELETE", "/store/items", { namespace: ["notes"], key: "k" });
  expect(await as("ann", "GET", "/store/items?namespace=notes&key=k")).toMatchObject({ key: "k" });
});
