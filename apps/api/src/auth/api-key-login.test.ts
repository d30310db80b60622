import { createHash } from "node:crypto";
import { silentLog } from "@graphfleet/testkit";
import { apiKeyLogin } from "./api-key-login.js";
import { openApiKeys, parseApiKeys } from "./api-keys.js";
import { openAuth } from "./open-auth.js";

const digest = (key: string) => createHash("sha256").update(key).digest("hex");
const open = (text: string) => openApiKeys({ text, file: undefined, log: silentLog });
const keys = open(`ci:${digest("new")}, ci:${digest("old").toUpperCase()}\n# of the pager\nops:${digest("other")},`);
const login = apiKeyLogin(keys ?? { nameOf: () => undefined });
const enter = (headers: Record<string, string>) => login({ headers, toRequest: () => new Request("http://x") });

test.each([
  [{ "x-api-key": "new" }, "ci"],
  [{ "x-api-key": "old" }, "ci"],
  [{ authorization: "Bearer other" }, "ops"],
  [{ authorization: "bearer other" }, "ops"],
])("%j comes in as %s", async (headers, identity) => {
  await expect(enter(headers)).resolves.toMatchObject({ identity, user: { identity } });
});

test.each<[Record<string, string>, string]>([
  [{}, "An API key is needed"],
  [{ "x-api-key": "" }, "An API key is needed"],
  [{ authorization: "Basic other" }, "An API key is needed"],
  [{ "x-api-key": "guess" }, "This API key is not known"],
  [{ "x-api-key": digest("new") }, "This API key is not known"],
])("%j does not come in", async (headers, message) => {
  await expect(enter(headers)).rejects.toMatchObject({ status: 401, message });
});

test.each(["ci", "ci:abc", `:${digest("k")}`, `ci:${digest("k")}0`])("%s is no entry, and is not repeated", (text) => {
  expect(() => parseApiKeys(`ok:${digest("a")},${text}`)).toThrow(/entry 2 must be a name(?!.*abc)/);
});

test("keys and a project's own auth exclude each other", () => {
  const project = { authenticate: () => "ann", handlers: {} };
  expect(() => openAuth({ project, settings: null, keys, studio: false, log: silentLog })).toThrow(
    "GRAPHFLEET_API_KEYS",
  );
});

const nothing = { project: null, settings: null, keys: null, studio: false, log: silentLog };

test("a server that was told to ask who is calling does not start when it cannot", () => {
  expect(() => openAuth({ ...nothing, type: "langsmith" })).toThrow("LANGGRAPH_AUTH_TYPE is langsmith");
  expect(() => openAuth({ ...nothing, keys, type: "langsmith" })).toThrow("LANGGRAPH_AUTH_TYPE is langsmith");
  expect(() => openAuth({ ...nothing, type: "custom" })).toThrow("nobody is asked");
  expect(openAuth({ ...nothing, keys, type: "custom" })).toHaveProperty("login");
  expect(openAuth({ ...nothing, type: "noop" })).toHaveProperty("login");
});

test("a server without entries uses no keys", () => {
  expect(open(" \n")).toBeNull();
});
