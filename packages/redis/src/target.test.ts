import { redisTarget } from "./target.js";

const node = (host: string, port: number) => ({ host, port });

test.each([
  ["redis://cache", false, { kind: "standalone", nodes: [node("cache", 6379)], tls: false, db: 0 }],
  [
    "rediss://me:p%40ss@cache:7000/3",
    false,
    { kind: "standalone", nodes: [node("cache", 7000)], tls: true, db: 3, username: "me", password: "p@ss" },
  ],
  ["redis://:secret@[::1]:7000", false, { kind: "standalone", nodes: [node("::1", 7000)], password: "secret" }],
  ["redis://a:1,b:2,c", true, { kind: "cluster", nodes: [node("a", 1), node("b", 2), node("c", 6379)], tls: false }],
  [
    "redis+sentinel://:pw@a,b:5000/main/2?sentinel_password=other",
    false,
    { kind: "sentinel", nodes: [node("a", 26_379), node("b", 5000)], name: "main", db: 2, sentinelPassword: "other" },
  ],
  ["rediss+sentinel://a/main", false, { kind: "sentinel", tls: true, name: "main" }],
])("reads %s", (uri, cluster, target) => {
  expect(redisTarget(uri, cluster)).toMatchObject(target);
});

test.each([
  ["localhost:6379", false, "must begin with redis://"],
  ["redis://a:1,b:2", false, "names several hosts"],
  ["redis+sentinel://a:1", false, "must name the primary"],
  ["redis+sentinel://a:1/main", true, "has no sentinels"],
  ["redis://:secret@a/x", false, "database must be a number"],
])("refuses %s, and says why without saying it", (uri, cluster, why) => {
  expect(() => redisTarget(uri, cluster)).toThrow(why);
  expect(() => redisTarget(uri, cluster)).not.toThrow("secret");
});
