import type { RedisFacts } from "@graphfleet/redis";
import { fail, type Finding, ok, warn } from "./finding.js";

const OLDEST = [6, 2] as const;

/** What the facts mean for a fleet. */
export function judgeRedis(facts: RedisFacts): Finding[] {
  return [version(facts), ...successor(facts), eviction(facts), persistence(facts)];
}

/** What is true of all nodes of a cluster is said once. */
export function judgeRedisNodes(nodes: readonly RedisFacts[]): Finding[] {
  const findings = nodes.flatMap(judgeRedis);
  const wordsOf = ({ check, message }: Finding): string => `${check} ${message}`;
  return [...new Map(findings.map((finding) => [wordsOf(finding), finding])).values()];
}

const REACHED_AS = { standalone: "", sentinel: " by way of its sentinels", cluster: " in a cluster" } as const;

/** Who wants several servers wants them for this. */
function successor({ reachedAs, replicas }: RedisFacts): Finding[] {
  const check = "redis replicas";
  if (reachedAs === "standalone") return [];
  return replicas > 0
    ? [ok(check, "another server takes over when the primary dies")]
    : [
        warn(
          check,
          "a primary has no replica: without it there are no rings and no events of its threads",
          "Give each primary a replica.",
        ),
      ];
}

function version({ product, version, isReplica, isCluster, reachedAs }: RedisFacts): Finding {
  const name = product === "redis" ? "Redis" : "Valkey";
  if (isReplica)
    return fail("redis", `${name} ${version} is a replica and takes no writes`, "Name the primary in REDIS_URI.");
  if (isCluster && reachedAs !== "cluster")
    return fail("redis", `${name} ${version} is a node of a cluster`, "Set REDIS_CLUSTER=true.");
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isNew = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  return isNew
    ? ok("redis", `answers, ${name} ${version}${REACHED_AS[reachedAs]}`)
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
