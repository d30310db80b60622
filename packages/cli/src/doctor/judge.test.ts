import type { PostgresFacts } from "@graphfleet/postgres";
import type { RedisFacts } from "@graphfleet/redis";
import { judgeNode } from "./doctor.js";
import type { Finding } from "./finding.js";
import { connectionBudget, judgePostgres } from "./judge-postgres.js";
import { judgeRedis } from "./judge-redis.js";
import { postgresUnreachable, redisUnreachable } from "./unreachable.js";

const postgres: PostgresFacts = {
  version: "17.2",
  major: 17,
  schemaName: "public",
  mayCreate: true,
  isReadOnly: false,
  pgvector: "installed",
  maxConnections: 100,
  reservedConnections: 3,
  clockSkewMs: 20,
  roundTripMs: 4,
  migrations: { applied: ["0001-first"], missing: [], unknown: [] },
};
const redis: RedisFacts = {
  product: "redis",
  version: "7.4.1",
  evictionPolicy: "noeviction",
  maxMemory: 0,
  isReplica: false,
  isCluster: false,
  appendOnly: true,
  snapshots: "",
};
const plan = { apis: 1, workers: 2, schedulers: 1, poolMax: null };

const notOk = (findings: readonly Finding[]) =>
  findings.filter(({ level }) => level !== "ok").map(({ level, check }) => `${level} ${check}`);

describe("what the doctor makes of Postgres", () => {
  test("a good one is good", () => {
    expect(notOk(judgePostgres(postgres, plan))).toEqual([]);
  });

  test.each<[string, Partial<PostgresFacts>, string[]]>([
    ["old", { major: 14 }, ["fail postgres"]],
    ["a standby", { isReadOnly: true }, ["fail postgres rights"]],
    ["no schema", { schemaName: null, mayCreate: false }, ["fail postgres rights"]],
    ["no rights", { mayCreate: false }, ["fail postgres rights"]],
    ["few connections", { maxConnections: 41 }, ["fail postgres connections"]],
    ["no pgvector", { pgvector: "absent" }, ["warn pgvector"]],
    ["a clock that is late", { clockSkewMs: -60_000 }, ["warn clocks"]],
    ["a slow network, which is no skew", { clockSkewMs: 8000, roundTripMs: 20_000 }, []],
    ["a new database", { migrations: { applied: [], missing: ["a"], unknown: [] } }, ["warn schema"]],
    ["a newer database", { migrations: { applied: ["z"], missing: [], unknown: ["z"] } }, ["fail schema"]],
  ])("%s", (_what, facts, expected) => {
    const findings = judgePostgres({ ...postgres, ...facts }, plan);

    expect(notOk(findings)).toEqual(expected);
    for (const { level, fix } of findings) expect(fix === undefined).toBe(level === "ok");
  });

  test("counts what the planned processes can hold", () => {
    expect(connectionBudget(plan)).toBe(10 + 2 * 12 + 3 + 2);
    expect(connectionBudget({ ...plan, workers: 10, poolMax: 20 })).toBe(20 + 10 * 22 + 20 + 2);
  });
});

describe("what the doctor makes of Redis", () => {
  test("a good one is good", () => {
    expect(notOk(judgeRedis(redis))).toEqual([]);
    expect(notOk(judgeRedis({ ...redis, product: "valkey", version: "8.0.1" }))).toEqual([]);
  });

  test.each<[string, Partial<RedisFacts>, string[]]>([
    ["old", { version: "6.0.16" }, ["fail redis"]],
    ["a replica", { isReplica: true }, ["fail redis"]],
    ["a cluster", { isCluster: true }, ["fail redis"]],
    ["one that throws away", { evictionPolicy: "allkeys-lru" }, ["warn redis memory"]],
    [
      "one that does not tell",
      { evictionPolicy: null, appendOnly: false, snapshots: null },
      ["warn redis memory", "warn redis persistence"],
    ],
    ["one that forgets", { appendOnly: false }, ["warn redis persistence"]],
    ["one that makes snapshots", { appendOnly: false, snapshots: "3600 1" }, ["warn redis persistence"]],
  ])("%s", (_what, facts, expected) => {
    expect(notOk(judgeRedis({ ...redis, ...facts }))).toEqual(expected);
  });
});

describe("what cannot be reached", () => {
  const failure = (code: string, message = "no") => Object.assign(new Error(message), { code });

  test.each([
    [failure("ECONNREFUSED"), /Start the server/],
    [new AggregateError([failure("ECONNREFUSED", "connect ECONNREFUSED ::1:5432")], ""), /Start the server/],
    [failure("28P01"), /user and password/],
    [failure("3D000"), /createdb/],
    [failure("53300"), /max_connections/],
    [new Error("odd"), /postgres:\/\/user:password/],
  ])("%s", (error, fix) => {
    const finding = postgresUnreachable("postgres://ada:secret@db/x", error);

    expect(finding).toMatchObject({ level: "fail", fix: expect.stringMatching(fix) });
    expect(finding.message).toContain("ada:***@db");
  });

  test("a Redis that wants another password", () => {
    expect(redisUnreachable("redis://:secret@h", new Error("WRONGPASS invalid")).fix).toMatch(/user and password/);
    expect(redisUnreachable("redis://:secret@h", new Error("connect ECONNREFUSED")).fix).toMatch(/Start the server/);
    expect(redisUnreachable("redis://:secret@h", new Error("x")).message).not.toContain("secret");
  });
});

test("Node must not be too old", () => {
  expect(judgeNode("20.0.0").level).toBe("ok");
  expect(judgeNode("18.20.4").level).toBe("fail");
});
