import { libraryNames } from "./redis-debian.js";
import { judge } from "./redis-probe.js";
import { parseVersion } from "./redis-program.js";
import { configOf } from "./redis.js";

test("the version is read from Redis and Valkey", () => {
  expect(parseVersion("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64")).toEqual([7, 0]);
  expect(parseVersion("Valkey server v=8.1.1 sha=0 malloc=libc")).toEqual([8, 1]);
  expect(parseVersion("command not found")).toBeNull();
});

test("libraries are the names at the beginning of a line, once each", () => {
  const depends = "redis-tools\n  Depends: libc6\nlibc6\n  Depends: libgcc-s1\nlua-cjson\nlibc6\n<lib-virtual>\n";

  expect(libraryNames(depends)).toEqual(["libc6", "lua-cjson"]);
});

test("a kept Redis writes its log every second and evicts nothing", () => {
  const lines = configOf(15_000, "secret", false).split("\n");

  expect(lines).toEqual(
    expect.arrayContaining(["appendonly yes", "appendfsync everysec", "maxmemory-policy noeviction"]),
  );
  expect(lines).toContain("bind 127.0.0.1");
});

describe("judge", () => {
  test.each([
    ["", null],
    ["+OK\r\n+PONG\r\n$40\r\n# Server\r\nprocess_id:1", null],
    ["-WRONGPASS invalid username-password pair\r\n-NOAUTH Authentication required.\r\n", "stranger"],
    ["-ERR Client sent AUTH, but no password is set\r\n+PONG\r\n", "stranger"],
    ["HTTP/1.1 400 Bad Request\r\nConnection: close\r\n", "stranger"],
    ["+OK\r\n-LOADING Redis is loading the dataset in memory\r\n", "loading"],
    ["+OK\r\n+PONG\r\n$40\r\n# Server\r\nprocess_id:17\r\nrun_id:x\r\n", "reply"],
  ])("hears %j as %s", (heard, kind) => {
    expect(judge(heard)?.kind ?? null).toBe(kind);
  });
});
