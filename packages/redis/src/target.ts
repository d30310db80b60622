/** What a Redis URI leads to. */
export interface RedisTarget {
  readonly kind: "standalone" | "sentinel" | "cluster";
  /** The server, the sentinels, or nodes of the cluster. */
  readonly nodes: readonly RedisNode[];
  readonly tls: boolean;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  /** Of a sentinel: what it calls the primary. */
  readonly name?: string;
  /** Of a sentinel: its own password. */
  readonly sentinelPassword?: string;
}

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

const PARTS = /^redis(s)?(\+sentinel|s\+sentinel)?:\/\/(?:([^@/?]*)@)?([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/i;
const DB_MAX = 1_000_000;

/**
 * Reads a Redis URI:
 *
 *     redis://user:password@host:6379/0                        one server; rediss:// with TLS
 *     redis+sentinel://user:password@host:26379,host/name/0    the primary that sentinels know; rediss+sentinel:// with TLS
 *
 * and, with `cluster`, the first form with any number of nodes, separated by commas.
 *
 * @throws TypeError when it is none of these. The message shows nothing of it.
 */
export function redisTarget(uri: string, cluster: boolean): RedisTarget {
  const parts = PARTS.exec(uri);
  if (parts === null) throw new TypeError("The Redis URI must begin with redis://, rediss:// or redis+sentinel://");
  const [, secure, sentinel, account, hosts = "", path = "", query = ""] = parts;
  const kind = sentinel !== undefined ? "sentinel" : cluster ? "cluster" : "standalone";
  if (sentinel !== undefined && cluster) throw new TypeError("A Redis Cluster has no sentinels: unset REDIS_CLUSTER");

  const [name, db] = kind === "sentinel" ? path.split("/") : [undefined, path];
  if (kind === "sentinel" && (name === undefined || name === ""))
    throw new TypeError("The Redis URI must name the primary: redis+sentinel://host:26379/name");
  const nodes = hosts.split(",").map((host) => nodeOf(host, kind === "sentinel" ? 26_379 : 6379));
  if (kind === "standalone" && nodes.length > 1)
    throw new TypeError("The Redis URI names several hosts: set REDIS_CLUSTER, or use redis+sentinel://");

  const sentinelPassword = new URLSearchParams(query).get("sentinel_password");
  return {
    kind,
    nodes,
    tls: secure !== undefined,
    db: dbOf(db ?? ""),
    ...accountOf(account ?? ""),
    ...(name === undefined ? {} : { name: decodeURIComponent(name) }),
    ...(sentinelPassword === null ? {} : { sentinelPassword }),
  };
}

function nodeOf(text: string, defaultPort: number): RedisNode {
  // The brackets of an IPv6 address belong to the URI.
  const [, host = "", port] = /^\[([^\]]+)\](?::(\d+))?$/.exec(text) ?? /^([^:]+)(?::(\d+))?$/.exec(text) ?? [];
  if (host === "") throw new TypeError("The Redis URI names no host");
  return { host, port: port === undefined ? defaultPort : Number(port) };
}

function dbOf(text: string): number {
  if (text === "") return 0;
  const db = Number(text);
  if (!Number.isInteger(db) || db < 0 || db > DB_MAX) throw new TypeError("The Redis URI's database must be a number");
  return db;
}

function accountOf(text: string): { readonly username?: string; readonly password?: string } {
  if (text === "") return {};
  const colon = text.indexOf(":");
  const username = decodeURIComponent(colon === -1 ? text : text.slice(0, colon));
  return {
    ...(username === "" ? {} : { username }),
    ...(colon === -1 ? {} : { password: decodeURIComponent(text.slice(colon + 1)) }),
  };
}
