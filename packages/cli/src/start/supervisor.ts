import { Child, type ChildSpec, describeExit } from "./child.js";

export interface SupervisorOptions {
  readonly write: (line: string) => void;
  /** Called when a process cannot be kept alive. */
  readonly onGiveUp: (name: string) => void;
  /** Pause before the first restart; doubles with each in a row. */
  readonly restartDelayMs?: number;
}

/** A process that lived this long was healthy; what ended it is not its start. */
const HEALTHY_MS = 10_000;
const RESTARTS_IN_A_ROW = 5;
const RESTART_DELAY_MS = 200;

/**
 * Keeps processes alive: one that dies is replaced at once, one that cannot stay up is given up after a few tries.
 */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #children = new Map<string, Child>();
  #stopping = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Starts a process and resolves when it is ready. A process that fails its first start rejects, and is not retried. */
  async start(spec: ChildSpec): Promise<void> {
    const child = this.#launch(spec);
    await child.ready;
    void this.#keep(spec, child);
  }

  /** Stops the named processes together. Killed after `withinMs`. */
  async stop(names: (name: string) => boolean, withinMs: number): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      [...this.#children.values()].filter(({ name }) => names(name)).map((child) => child.stop(withinMs)),
    );
  }

  #launch(spec: ChildSpec): Child {
    const child = new Child(spec);
    this.#children.set(spec.name, child);
    return child;
  }

  async #keep(spec: ChildSpec, first: Child): Promise<void> {
    const { restartDelayMs = RESTART_DELAY_MS } = this.#options;
    let child = first;
    let failures = 0;
    for (;;) {
      const startedAt = performance.now();
      const exit = await child.exited;
      if (this.#stopping) return;

      failures = performance.now() - startedAt > HEALTHY_MS ? 1 : failures + 1;
      this.#options.write(`${spec.name} ${describeExit(exit)}; replacing it`);
      if (failures > RESTARTS_IN_A_ROW) {
        this.#options.onGiveUp(spec.name);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, restartDelayMs * 2 ** (failures - 1)));
      if (this.#stopping) return;
      child = this.#launch(spec);
    }
  }
}
