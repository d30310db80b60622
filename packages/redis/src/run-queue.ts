import { randomUUID } from "node:crypto";

import { type Ring, type RunQueue, unavailable, messageOf } from "@graphfleet/domain";
import { Queue } from "bullmq";

import type { Client } from "./client.js";
import type { RedisLink } from "./connection.js";
import { whenReady } from "./when-ready.js";

/** What is rung for: a thread with a run, or a run with a webhook. Each has a bell of its own, so neither waits for the other. */
export type Bell = "runs" | "webhooks";

/** Braces: BullMQ's keys have to live on one node of a cluster. */
export const queuePrefix = (link: RedisLink): string => `{${link.keyPrefix}bull}`;

/** What travels. */
export type RingData = Omit<Ring, "delayMs" | "priority" | "repeated" | "first">;

/**
 * A BullMQ id must not look like a number, and an id that exists already makes no second job: so repetitions share one,
 * and everything else gets its own.
 */
const jobIdOf = ({ runId, fence, repeated }: Ring): string =>
  repeated === true ? `run-${runId}-${fence}` : `run-${runId}-${fence}-${randomUUID()}`;

/** Rings through BullMQ. Jobs vanish when they were heard, so a run can be rung again. */
export class RedisRunQueue implements RunQueue {
  readonly #link: RedisLink;
  readonly #bell: Bell;
  readonly #redis: Client;
  readonly #firstChance: Promise<void>;
  #queue: Queue<RingData> | null = null;

  constructor(link: RedisLink, bell: Bell = "runs") {
    this.#link = link;
    this.#bell = bell;
    this.#redis = link.connect(`${bell}-bell`);
    this.#firstChance = whenReady(this.#redis, link.commandTimeoutMs).catch(() => undefined);
  }

  async ring(rings: readonly Ring[]): Promise<void> {
    if (rings.length === 0) return;
    // Waiting for the connection is BullMQ's habit; a caller has a request to answer.
    await this.#firstChance;
    if (this.#redis.status !== "ready") throw unavailable("Redis is away");
    const queue = (this.#queue ??= this.#open());
    try {
      await queue.addBulk(rings.map(toJob));
    } catch (error) {
      // It may have been caught while starting, and then it never recovers. A new one costs nothing.
      this.#queue = null;
      void queue.close().catch(() => undefined);
      throw unavailable("Redis does not take rings", new Error(messageOf(error)));
    }
  }

  async close(): Promise<void> {
    await this.#queue?.close().catch(() => undefined);
    await this.#link.release(this.#redis);
  }

  #open(): Queue<RingData> {
    const queue = new Queue<RingData>(this.#bell, {
      connection: this.#redis,
      prefix: queuePrefix(this.#link),
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
    });
    queue.on("error", (error) => this.#link.log.debug({ reason: messageOf(error) }, "bell connection"));
    return queue;
  }
}

function toJob(ring: Ring) {
  const { runId, threadId, fence, delayMs = 0, priority = 0, first = false } = ring;
  return {
    name: "ring",
    data: { runId, threadId, fence },
    opts: {
      jobId: jobIdOf(ring),
      ...(delayMs > 0 ? { delay: Math.ceil(delayMs) } : {}),
      // To BullMQ, too, none is before 1.
      ...(first ? { lifo: true } : priority > 0 ? { priority } : {}),
    },
  };
}
