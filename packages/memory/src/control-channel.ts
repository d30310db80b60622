import type { ControlChannel, ControlHint } from "@graphfleet/domain";

/** Hints inside one process. */
export class MemoryControlChannel implements ControlChannel {
  readonly #listeners = new Set<(hint: ControlHint) => void>();

  async send(hint: ControlHint): Promise<void> {
    // Not in the sender's stack: a listener that throws is not its problem.
    for (const listener of this.#listeners) queueMicrotask(() => listener(hint));
  }

  subscribe(listener: (hint: ControlHint) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
