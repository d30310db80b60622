import { asRunId, type ControlChannel, type ControlHint, messageOf } from "@graphfleet/domain";

import type { RedisLink } from "./connection.js";

/** Hints by pub/sub. One may get lost; then the next heartbeat finds the same news in the ledger. */
export class RedisControlChannel implements ControlChannel {
  readonly #link: RedisLink;
  readonly #channel: string;
  readonly #listeners = new Set<(hint: ControlHint) => void>();
  #subscribed: Promise<void> = Promise.resolve();

  constructor(link: RedisLink) {
    this.#link = link;
    this.#channel = `${link.keyPrefix}control`;
  }

  async send(hint: ControlHint): Promise<void> {
    try {
      await this.#link.command.publish(this.#channel, JSON.stringify(hint));
    } catch (error) {
      this.#link.log.debug({ reason: messageOf(error) }, "a hint got lost");
    }
  }

  subscribe(listener: (hint: ControlHint) => void): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) {
      this.#subscribed = this.#link.subscriptions.subscribe(this.#channel, (message) => this.#hear(message));
    }
    return () => {
      if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return;
      this.#link.subscriptions.unsubscribe(this.#channel);
    };
  }

  /** Resolves when hints arrive, or Redis is away. */
  async whenSubscribed(): Promise<void> {
    await this.#subscribed;
  }

  #hear(message: string): void {
    const hint = parseHint(message);
    if (hint === null) return;
    for (const listener of this.#listeners) listener(hint);
  }
}

/** Null for what a newer version may send one day. */
function parseHint(message: string): ControlHint | null {
  try {
    const { kind, runId } = JSON.parse(message) as { kind?: unknown; runId?: unknown };
    return kind === "cancel" && typeof runId === "string" ? { kind, runId: asRunId(runId) } : null;
  } catch {
    return null;
  }
}
