import { ENROLLED_SECONDS, type EnrolledWorker, type WorkerRoll, messageOf } from "@graphfleet/domain";

import type { RedisLink } from "./connection.js";

/** Between the slots and the name of a member; owners may hold anything else. */
const SEPARATOR = " ";

/** The fleet's workers in one sorted set, by when they were last heard of on the clock of Redis. */
export class RedisWorkerRoll implements WorkerRoll {
  readonly #link: RedisLink;
  readonly #key: string;

  constructor(link: RedisLink) {
    this.#link = link;
    this.#key = `${link.keyPrefix}workers`;
  }

  async enrol({ owner, slots }: EnrolledWorker): Promise<void> {
    const now = await this.#now();
    await this.#link.command
      .multi()
      .zadd(this.#key, now, `${slots}${SEPARATOR}${owner}`)
      .zremrangebyscore(this.#key, "-inf", now - ENROLLED_SECONDS)
      .expire(this.#key, ENROLLED_SECONDS)
      .exec();
  }

  async leave(owner: string): Promise<void> {
    try {
      const members = await this.#link.command.zrange(this.#key, 0, -1);
      const own = members.filter((member) => member.slice(member.indexOf(SEPARATOR) + 1) === owner);
      if (own.length > 0) await this.#link.command.zrem(this.#key, ...own);
    } catch (error) {
      this.#link.log.debug({ reason: messageOf(error) }, "a worker left without a word");
    }
  }

  async slots(): Promise<number | null> {
    try {
      const present = await this.#link.command.zrangebyscore(
        this.#key,
        `(${(await this.#now()) - ENROLLED_SECONDS}`,
        "+inf",
      );
      return present.reduce((sum, member) => sum + Number(member.slice(0, member.indexOf(SEPARATOR))), 0);
    } catch (error) {
      this.#link.log.debug({ reason: messageOf(error) }, "nobody knows which workers are there");
      return null;
    }
  }

  /** In seconds: clocks of machines differ, that of Redis is one. */
  async #now(): Promise<number> {
    const [seconds, micros] = await this.#link.command.time();
    return Number(seconds) + Number(micros) / 1_000_000;
  }
}
