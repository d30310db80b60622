import type { EnrolledWorker, WorkerRoll } from "@graphfleet/domain";

/** The workers of one process: they are there until they say that they go. */
export class MemoryWorkerRoll implements WorkerRoll {
  readonly #slots = new Map<string, number>();

  async enrol({ owner, slots }: EnrolledWorker): Promise<void> {
    this.#slots.set(owner, slots);
  }

  async leave(owner: string): Promise<void> {
    this.#slots.delete(owner);
  }

  async slots(): Promise<number> {
    return [...this.#slots.values()].reduce((sum, slots) => sum + slots, 0);
  }
}
