import { messageOf } from "@graphfleet/domain";
import type { RedisLink } from "./connection.js";

/**
 * Since when Redis has forgotten nothing.
 *
 * A key names the server process and the moment from which it was seen with that key. A server that restarted, or a
 * replica that took over, has another name; one that was emptied has no key. In each case time begins anew. Every process
 * of the fleet looks whenever it connects, so the moment is usually that of the server's start.
 */
export class RedisEpoch {
  readonly #link: RedisLink;
  readonly #key: string;
  readonly #look = (): void => void this.since();

  constructor(link: RedisLink) {
    this.#link = link;
    this.#key = `${link.keyPrefix}epoch`;
    link.command.on("ready", this.#look);
    if (link.ready) this.#look();
  }

  /** Milliseconds since the epoch by the clock of Redis; Infinity when Redis does not say. Never rejects. */
  async since(): Promise<number> {
    const { command, log } = this.#link;
    try {
      const [info, [seconds], known] = await Promise.all([
        command.info("server"),
        command.time(),
        command.get(this.#key),
      ]);
      const server = /^run_id:(\w+)/m.exec(info)?.[1];
      if (server === undefined) return Infinity;
      const [name, since] = known?.split(" ") ?? [];
      if (name === server) return Number(since);

      const now = (Number(seconds) + 1) * 1000;
      await command.set(this.#key, `${server} ${now}`);
      return now;
    } catch (error) {
      log.debug({ reason: messageOf(error) }, "Redis does not say since when it remembers");
      return Infinity;
    }
  }

  close(): void {
    this.#link.command.off("ready", this.#look);
  }
}
