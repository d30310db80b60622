import { setTimeout as sleep } from "node:timers/promises";
import { Child, describeExit } from "@graphfleet/cli";

export interface SlotSpec {
  readonly name: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
}

const RESTART_AFTER_MS = 500;
const STOP_WITHIN_MS = 45_000;

/** A place in the fleet that is always filled: when its process ends, for whatever reason, another one starts. */
export class Slot {
  readonly #spec: SlotSpec;
  #child: Child;
  #count = 0;
  #closing = false;
  #filled: Promise<void>;

  constructor(spec: SlotSpec) {
    this.#spec = spec;
    this.#child = this.#spawn();
    this.#filled = this.#child.ready;
    void this.#keep();
  }

  /** Name of the process that is in this place now; leases and connections carry it. */
  get name(): string {
    return this.#child.name;
  }

  /** Resolves when the process that is here now does its work; rejects when it ended before. */
  get ready(): Promise<void> {
    return this.#filled;
  }

  signal(signal: NodeJS.Signals): void {
    const { pid, alive } = this.#child;
    if (alive && pid !== undefined) process.kill(pid, signal);
  }

  /** A deploy: the process is asked to stop, and its successor is waited for. */
  async roll(): Promise<void> {
    const old = this.#child;
    await old.stop(STOP_WITHIN_MS);
    while (this.#child === old && !this.#closing) await sleep(100);
    await Promise.race([this.#filled.catch(() => undefined), sleep(STOP_WITHIN_MS)]);
  }

  async stop(): Promise<void> {
    this.#closing = true;
    this.signal("SIGCONT");
    await this.#child.stop(STOP_WITHIN_MS);
  }

  #spawn(): Child {
    this.#count += 1;
    const name = `${this.#spec.name}.${this.#count}`;
    return new Child({
      name,
      script: this.#spec.script,
      env: { ...this.#spec.env, GRAPHFLEET_SERVICE: name },
      write: this.#spec.write,
    });
  }

  async #keep(): Promise<void> {
    for (;;) {
      const exit = await this.#child.exited;
      this.#spec.write(`chaos: ${this.#child.name} ${describeExit(exit)}\n`);
      if (this.#closing) return;
      await sleep(RESTART_AFTER_MS);
      if (this.#closing) return;
      this.#child = this.#spawn();
      this.#filled = this.#child.ready;
    }
  }
}
