import { connect as connectTcp } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

import { AbstractConnector, Cluster, Redis, type RedisOptions } from "ioredis";

import type { RedisNode, RedisTarget } from "./target.js";

/** A connection; of a cluster, one to each node that is needed. Both speak the same commands. */
export type Client = Redis | Cluster;

export interface ClientParts {
  readonly target: RedisTarget;
  /** PEM; who signed the server's certificate, when no public authority did. */
  readonly ca: string | undefined;
  readonly options: RedisOptions;
}

/**
 * How long a connection that we closed may take to say goodbye, in milliseconds. ioredis waits for that even when the
 * other side is gone already, and a process that wants to end waits with it.
 */
const GOODBYE_MS = 200;

/** Opens a client for commands. */
export function openClient(parts: ClientParts): Client {
  const { target, options } = parts;
  if (target.kind !== "cluster") return openSingle(parts);
  const { retryStrategy, enableOfflineQueue = true, ...nodeOptions } = options;
  return new Cluster([...target.nodes], {
    enableOfflineQueue,
    ...(retryStrategy === undefined ? {} : { clusterRetryStrategy: retryStrategy }),
    // Nodes tell addresses; a certificate that names hosts only would not fit them.
    ...(target.tls ? { dnsLookup: (address, callback) => callback(null, address) } : {}),
    slotsRefreshInterval: 30_000,
    redisOptions: { ...nodeOptions, ...common(parts) },
  });
}

/**
 * Opens one connection for pub/sub. In a cluster every node hears what any node is told, so it goes to whichever of the
 * named ones can be reached; when that one dies, to the next.
 */
export function openSubscriber(parts: ClientParts): Redis {
  const { target, options } = parts;
  if (target.kind !== "cluster") return openSingle(parts);
  return new Redis({ ...options, ...common(parts), Connector: roundRobin(parts) });
}

function openSingle(parts: ClientParts): Redis {
  const { target, options } = parts;
  const [{ host, port } = { host: "localhost", port: 6379 }] = target.nodes;
  const { db } = target;
  if (target.kind === "standalone") return new Redis({ ...options, ...common(parts), host, port, db });
  return new Redis({
    ...options,
    ...common(parts),
    db,
    sentinels: [...target.nodes],
    name: target.name ?? "",
    ...(target.sentinelPassword === undefined ? {} : { sentinelPassword: target.sentinelPassword }),
    ...(target.tls ? { enableTLSForSentinelMode: true, sentinelTLS: tlsOf(parts) } : {}),
    sentinelRetryStrategy: options.sentinelRetryStrategy ?? ((times) => Math.min(times * 50, 1000)),
  });
}

function common(parts: ClientParts): RedisOptions {
  const { username, password, tls } = parts.target;
  return {
    disconnectTimeout: GOODBYE_MS,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: tlsOf(parts) } : {}),
  };
}

const tlsOf = ({ ca }: ClientParts): ConnectionOptions => (ca === undefined ? {} : { ca });

function roundRobin(parts: ClientParts) {
  const { nodes, tls } = parts.target;
  let next = Math.floor(Math.random() * nodes.length);
  return class NodeConnector extends AbstractConnector {
    constructor() {
      super(GOODBYE_MS);
    }

    override async connect() {
      this.connecting = true;
      const { host, port } = nodes[next++ % nodes.length] as RedisNode;
      const stream = tls ? connectTls({ host, port, ...tlsOf(parts) }) : connectTcp({ host, port });
      stream.once("error", (error: Error) => {
        this.firstError = error;
      });
      this.stream = stream;
      return stream;
    }
  };
}
