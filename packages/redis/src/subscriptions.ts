import type { Log } from "@graphfleet/domain";
import type { Redis } from "ioredis";
import { messageOf } from "@graphfleet/domain";

import { whenReady } from "./when-ready.js";

type Listener = (message: string) => void;

/** Channels per SUBSCRIBE when all of them are renewed. */
const CHUNK = 500;

/**
 * The process's one pub/sub connection, opened when the first channel is wanted.
 *
 * After a reconnect all channels are subscribed again before `onRenewed` listeners hear of it: whoever then reads the
 * store has missed nothing, because what is published from now on arrives.
 */
export class Subscriptions {
  readonly #connect: () => Redis;
  readonly #waitMs: number;
  readonly #log: Log;
  readonly #listeners = new Map<string, Listener>();
  readonly #renewed = new Set<() => void>();
  #redis: Redis | null = null;
  #firstChance: Promise<void> = Promise.resolve();
  /** Subscribers were let go, so what a new connection finds may have gone on without them. */
  #begun = false;

  constructor(connect: () => Redis, options: { readonly waitMs: number; readonly log: Log }) {
    this.#connect = connect;
    this.#waitMs = options.waitMs;
    this.#log = options.log;
  }

  /** Resolves when messages arrive from now on. Also when Redis is away: then the renewal makes up for it. */
  async subscribe(channel: string, listener: Listener): Promise<void> {
    this.#listeners.set(channel, listener);
    const redis = this.#open();
    await this.#firstChance;
    // Nobody may want it any more.
    if (this.#listeners.get(channel) !== listener) return;
    try {
      await redis.subscribe(channel);
    } catch (error) {
      this.#log.debug({ reason: messageOf(error), channel }, "not subscribed yet");
    }
  }

  unsubscribe(channel: string): void {
    this.#listeners.delete(channel);
    if (this.#redis?.status !== "ready") return;
    this.#redis.unsubscribe(channel).catch((error: unknown) => {
      this.#log.debug({ reason: messageOf(error), channel }, "not unsubscribed; the connection is gone");
    });
  }

  onRenewed(listener: () => void): () => void {
    this.#renewed.add(listener);
    return () => this.#renewed.delete(listener);
  }

  /** Subscribed channels. */
  get size(): number {
    return this.#listeners.size;
  }

  #open(): Redis {
    if (this.#redis !== null) return this.#redis;
    const redis = this.#connect();
    redis.on("message", (channel: string, message: string) => this.#listeners.get(channel)?.(message));
    redis.on("ready", () => void this.#renew(redis));
    this.#firstChance = whenReady(redis, this.#waitMs)
      .catch(() => undefined)
      .finally(() => {
        this.#begun = true;
      });
    this.#redis = redis;
    return redis;
  }

  async #renew(redis: Redis): Promise<void> {
    const isRenewal = this.#begun;
    const channels = [...this.#listeners.keys()];
    try {
      for (let from = 0; from < channels.length; from += CHUNK) {
        await redis.subscribe(...channels.slice(from, from + CHUNK));
      }
    } catch (error) {
      // Lost again, or too slow to be trusted: the next connection renews.
      this.#log.debug({ reason: messageOf(error) }, "subscriptions were not renewed");
      if (redis.status === "ready") redis.disconnect(true);
      return;
    }
    if (!isRenewal) return;
    for (const listener of this.#renewed) listener();
  }
}
