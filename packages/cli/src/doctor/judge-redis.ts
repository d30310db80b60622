import type { RedisFacts } from "@graphfleet/redis";
import { fail, type Finding, ok, warn } from "./finding.js";

const OLDEST = [6, 2] as const;

/** What the facts mean for a fleet. */
export function judgeRedis(facts: RedisFacts): Finding[] {
  return [version(facts), eviction(facts), persistence(facts)];
}

function version({ product, version, isReplica, isCluster }: RedisFacts): Finding {
  const name = product === "redis" ? "Redis" : "Valkey";
  if (isReplica)
    return fail("redis", `${name} ${version} is a replica and takes no writes`, "Name the primary in REDIS_URI.");
  if (isCluster)
    return fail(
      "redis",
      `${name} ${version} is a cluster, which is not supported`,
      "Use a single server, or one with replicas.",
    );
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isNew = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  return isNew
    ? ok("redis", `answers, ${name} ${version}`)
    : fail("redis", `is version ${version}`, `Use Redis ${OLDEST.join(".")} or newer, or Valkey.`);
}

function eviction({ evictionPolicy }: RedisFacts): Finding {
  const check = "redis memory";
  switch (evictionPolicy) {
    case null:
      return warn(
        check,
        "the server does not tell its eviction policy",
        "Make sure that maxmemory-policy is noeviction.",
      );
    case "noeviction":
      return ok(check, "nothing is thrown away when memory is full (noeviction)");
    default:
      return warn(
        check,
        `maxmemory-policy is ${evictionPolicy}: rings and events of running streams can be thrown away`,
        "Set maxmemory-policy noeviction, and watch the memory.",
      );
  }
}

function persistence({ appendOnly, snapshots }: RedisFacts): Finding {
  const check = "redis persistence";
  if (appendOnly) return ok(check, "append-only file");
  const fix = "No run is lost, but events of running streams are: set appendonly yes, appendfsync everysec.";
  if (snapshots === null) return warn(check, "the server does not tell whether it keeps its data over a restart", fix);
  return snapshots === ""
    ? warn(check, "a restart forgets everything", fix)
    : warn(check, `a restart forgets what came after the last snapshot (save ${snapshots})`, fix);
}
