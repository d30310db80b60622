import type { PostgresFacts } from "@graphfleet/postgres";
import type { RedisFacts } from "@graphfleet/redis";
import { judgeNode } from "./doctor.js";
import type { Finding } from "./finding.js";
import { connectionBudget, judgePostgres } from "./judge-postgres.js";
import { judgeRedis, judgeRedisNodes } from "./judge-redis.js";
import { postgresUnreachable, redisUnreachable } from "./unreachable.js";

const postgres: PostgresFacts = {
  version: "17.2",
  major: 17,
  schemaName: "public",
  mayCreate: true,
  isReadOnly: false,
  isPooled: false,
  hosts: [{ name: "db:5432", is: "writable" }],
  attrs: "any",
  pgvector: "installed",
  maxConnections: 100,
  reservedConnections: 3,
  clockSkewMs: 20,
  roundTripMs: 4,
  migrations: { applied: ["0001-first"], missing: [], unknown: [] },
};
const WRITABLE = { name: "a:5432", is: "writable" } as const;
const STANDBY = { name: "b:5432", is: "read-only" } as const;
const GONE = { name: "c:5432", is: "unreachable" } as const;
const redis: RedisFacts = {
  product: "redis",
  version: "7.4.1",
  reachedAs: "standalone",
  evictionPolicy: "noeviction",
  maxMemory: 0,
  isReplica: false,
  isCluster: false,
  replicas: 0,
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
    ["few connections", { maxConnections: 45 }, ["fail postgres connections"]],
    ["few connections behind a pooler, which has its own", { maxConnections: 45, isPooled: true }, []],
    ["several hosts, any of which will do", { hosts: [WRITABLE, STANDBY] }, ["warn postgres hosts"]],
    ["a primary with a standby", { hosts: [STANDBY, WRITABLE], attrs: "read-write" }, []],
    ["a standby that is not there", { hosts: [WRITABLE, GONE], attrs: "read-write" }, ["warn postgres hosts"]],
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
    expect(connectionBudget(plan)).toBe(11 + 2 * 13 + 4 + 2);
    expect(connectionBudget({ ...plan, workers: 10, poolMax: 20 })).toBe(21 + 10 * 23 + 21 + 2);
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
    ["a cluster, when nobody said so", { isCluster: true }, ["fail redis"]],
    ["a cluster", { isCluster: true, reachedAs: "cluster", replicas: 1 }, []],
    ["a cluster without replicas", { isCluster: true, reachedAs: "cluster" }, ["warn redis replicas"]],
    ["behind sentinels", { reachedAs: "sentinel", replicas: 2 }, []],
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

test("what is true of all nodes of a cluster is said once, what is not of one all the same", () => {
  const node: RedisFacts = { ...redis, isCluster: true, reachedAs: "cluster", replicas: 1 };

  expect(judgeRedisNodes([node, node, node])).toEqual(judgeRedis(node));
  expect(notOk(judgeRedisNodes([node, { ...node, evictionPolicy: "allkeys-lru" }, node]))).toEqual([
    "warn redis memory",
  ]);
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
    for (const [reason, fix] of [
      ["ERR This instance has cluster support disabled", /unset REDIS_CLUSTER/],
      ["self-signed certificate", /REDIS_CA_FILE/],
      ["All sentinels are unreachable.", /sentinels/],
    ] as const)
      expect(redisUnreachable("redis://h", new Error(reason)).fix).toMatch(fix);
    expect(redisUnreachable("redis://:secret@h", new Error("x")).message).not.toContain("secret");
  });
});

test("Node must not be too old", () => {
  expect(judgeNode("20.0.0").level).toBe("ok");
  expect(judgeNode("18.20.4").level).toBe("fail");
});
