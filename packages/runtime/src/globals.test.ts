import { offerLogger, remoteApi } from "./globals.js";
import { mountPrefix } from "./project/mount-prefix.js";

interface Speaking {
  info(message: string, details?: object): Speaking;
  silly(message: string): Speaking;
  error(details: object): Speaking;
}

/** As the SDK's `getLogger()` finds it. */
const getLogger = () => (globalThis as unknown as Record<symbol, Speaking>)[Symbol.for("langgraph.api.sdk-logger")]!;

test("the SDK's logger writes to ours, with details as fields", () => {
  const lines: unknown[] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push([level, fields, message]);
  offerLogger({ error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") });

  getLogger().info("hello", { a: 1 }).silly("deep");
  getLogger().error({ b: 2 });

  expect(lines).toEqual([
    ["info", { a: 1 }, "hello"],
    ["debug", {}, "deep"],
    ["error", { b: 2 }, "a graph says"],
  ]);
});

test("a process that was not told where its API is says so", async () => {
  await expect(remoteApi(null).fetch("/threads")).rejects.toThrow("LANGGRAPH_API_URL is not set");
  expect(remoteApi("http://api:1/agents/").url).toBe("http://api:1/agents");
});

test.each([
  [{}, undefined, ""],
  [{}, "/a/", "/a"],
  [{ mount_prefix: "/b" }, "/a", "/b"],
  [{ mount_prefix: "/" }, undefined, ""],
])("the prefix of %j and MOUNT_PREFIX %j is %j", (http, variable, prefix) => {
  const none = { target: null, configurableHeaders: null, loggingHeaders: null };
  expect(mountPrefix({ http: { ...none, ...http } }, variable)).toBe(prefix);
});

test("a prefix that is no path is refused", () => {
  const http = { target: null, configurableHeaders: null, loggingHeaders: null };
  expect(() => mountPrefix({ http }, "agents")).toThrow('MOUNT_PREFIX is "agents"');
});
