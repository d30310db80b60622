import { type Log, unavailable, messageOf } from "@graphfleet/domain";
import { Cluster, type Redis, type RedisOptions as ClientOptions } from "ioredis";

import { type Client, openClient, openSubscriber } from "./client.js";
import { Subscriptions } from "./subscriptions.js";
import { redisTarget, type RedisTarget } from "./target.js";
import { whenReady } from "./when-ready.js";

/*
 * Redis carries hints; the ledger has the facts. So a process starts and goes on without Redis, a command that cannot be
 * sent fails at once instead of queueing, and every connection reconnects for ever.
 *
 * Connections: one for commands, one for pub/sub, one that rings, and for a worker two more that BullMQ blocks on.
 */

export interface RedisOptions {
  /** See `redisTarget`. */
  readonly uri: string;
  /** Whether the URI names nodes of a cluster. */
  readonly cluster?: boolean;
  /** Certificates (PEM) that sign the server's own, when no public authority does. */
  readonly ca?: string | undefined;
  /** Put before every key and channel, so that several fleets can share a server. */
  readonly keyPrefix?: string;
  /** Longest wait for an answer, and for the first connection. */
  readonly commandTimeoutMs?: number;
  /** Idle connections get cut by things in the middle, and half-open ones look alive: how often they are asked. */
  readonly healthCheckMs?: number;
  readonly log: Log;
}

const MAX_BACKOFF_MS = 2000;

/**
 * Opens Redis. Waits a moment for the first connection and returns without it when Redis is away: it keeps trying.
 * @throws when the URI is none.
 */
export async function openRedis(options: RedisOptions): Promise<RedisLink> {
  const link = new RedisLink(options);
  await whenReady(link.command, link.commandTimeoutMs).catch(() => undefined);
  return link;
}

/** The connections of one process. */
export class RedisLink {
  readonly keyPrefix: string;
  readonly commandTimeoutMs: number;
  readonly log: Log;
  /** For everything that is answered at once. Commands of one tick travel together. */
  readonly command: Client;
  readonly subscriptions: Subscriptions;

  readonly #target: RedisTarget;
  readonly #ca: string | undefined;
  readonly #connections = new Set<Client>();
  readonly #blocking = new WeakSet<Client>();
  readonly #healthChecks: NodeJS.Timeout;
  #closed = false;

  constructor(options: RedisOptions) {
    const { uri, cluster = false, ca, keyPrefix = "graphfleet:", log } = options;
    const { commandTimeoutMs = 2000, healthCheckMs = 10_000 } = options;
    this.#target = redisTarget(uri, cluster);
    this.#ca = ca;
    this.keyPrefix = keyPrefix;
    this.commandTimeoutMs = commandTimeoutMs;
    this.log = log;
    this.command = this.connect("command", { enableAutoPipelining: true });
    this.subscriptions = new Subscriptions(() => this.#subscriber(), { waitMs: commandTimeoutMs, log });
    this.#healthChecks = setInterval(() => void this.#checkHealth(), healthCheckMs);
    this.#healthChecks.unref();
  }

  get ready(): boolean {
    return this.command.status === "ready";
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** A connection whose commands fail when Redis is away or slow, and are never sent twice. */
  connect(purpose: string, options: ClientOptions = {}): Client {
    return this.#open(purpose, openClient, { ...this.#hasty(), ...options });
  }

  /**
   * A connection as BullMQ's workers want it: commands wait until Redis is back. One that blocks on purpose cannot be
   * asked for its health; BullMQ watches it.
   */
  connectPatiently(purpose: string, { blocks }: { readonly blocks: boolean }): Client {
    const redis = this.#open(purpose, openClient, { maxRetriesPerRequest: null });
    if (blocks) this.#blocking.add(redis);
    return redis;
  }

  /** @throws DomainError `unavailable` when Redis does not answer. */
  async ping(): Promise<void> {
    try {
      await this.command.ping();
    } catch (error) {
      throw unavailable("Redis does not answer", new Error(messageOf(error)));
    }
  }

  /** Closes every connection that was opened here. Close what uses them first. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#healthChecks);
    await Promise.all([...this.#connections].map((redis) => this.release(redis)));
  }

  /** Closes one connection before the others. */
  async release(redis: Client): Promise<void> {
    this.#connections.delete(redis);
    await hangUp(redis);
  }

  #subscriber(): Redis {
    return this.#open("subscriber", openSubscriber, { ...this.#hasty(), autoResubscribe: false });
  }

  #hasty(): ClientOptions {
    return {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
      commandTimeout: this.commandTimeoutMs,
    };
  }

  #open<T extends Client>(
    purpose: string,
    open: (parts: Parameters<typeof openClient>[0]) => T,
    own: ClientOptions,
  ): T {
    const options: ClientOptions = {
      connectionName: `${this.keyPrefix}${purpose}`,
      connectTimeout: 5000,
      keepAlive: 10_000,
      retryStrategy: backoff,
      // After a failover the old primary refuses writes: look up the address again.
      reconnectOnError: (error) => error.message.startsWith("READONLY"),
      ...own,
    };
    const redis = open({ target: this.#target, ca: this.#ca, options });
    this.#connections.add(redis);
    this.#logChanges(redis, purpose);
    return redis;
  }

  /** One line when a connection is lost and one when it is back, not one per attempt. */
  #logChanges(redis: Client, purpose: string): void {
    let lost = false;
    redis.on("error", (error: Error) => {
      if (!lost && this.#connections.has(redis))
        this.log.warn({ reason: messageOf(error), connection: purpose }, "redis is away; reconnecting");
      lost = true;
    });
    redis.on("ready", () => {
      if (lost) this.log.info({ connection: purpose }, "redis is back");
      lost = false;
    });
  }

  async #checkHealth(): Promise<void> {
    const checks = [...this.#connections].map(async (redis) => {
      if (redis.status !== "ready" || this.#blocking.has(redis)) return;
      const nodes =
        redis instanceof Cluster ? redis.nodes("master").filter(({ status }) => status === "ready") : [redis];
      for (const node of nodes) if (!(await answers(node, this.commandTimeoutMs))) node.disconnect(true);
    });
    await Promise.all(checks);
  }
}

const backoff = (times: number): number => Math.min(25 * 2 ** Math.min(times, 10), MAX_BACKOFF_MS);

async function answers(redis: Redis, waitMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), waitMs);
  });
  const pong = redis.ping().then(
    () => true,
    // An error is an answer, and a lost connection needs no push; a timeout is neither.
    (error: unknown) => !(error instanceof Error && error.message === "Command timed out"),
  );
  const answered = await Promise.race([pong, late]);
  clearTimeout(timer);
  return answered;
}

async function hangUp(redis: Client): Promise<void> {
  if (redis.status === "ready") await Promise.race([redis.quit().catch(() => undefined), waited(500)]);
  if (redis.status === "end") return;
  redis.disconnect();
  if (redis.status !== "reconnecting") return;
  // Between two tries ioredis stops trying but never ends, and commands that wait would wait for ever. A try that is
  // broken off at once does end it.
  redis.connect().catch(() => undefined);
  redis.disconnect();
}

function waited(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
