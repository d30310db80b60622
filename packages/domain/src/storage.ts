import type { AssistantRepository } from "./assistants/assistant-repository.js";
import type { CheckpointRepository } from "./checkpoints/checkpoint-repository.js";
import type { CronRepository } from "./crons/cron-repository.js";
import type { RunRepository } from "./runs/run-repository.js";
import type { ItemRepository } from "./store/item-repository.js";
import type { ThreadRepository } from "./threads/thread-repository.js";
import type { DeliveryRepository } from "./webhooks/delivery-repository.js";

export interface Repositories {
  readonly assistants: AssistantRepository;
  readonly threads: ThreadRepository;
  readonly runs: RunRepository;
  readonly checkpoints: CheckpointRepository;
  readonly items: ItemRepository;
  readonly crons: CronRepository;
  readonly deliveries: DeliveryRepository;
}

/** The ledger. */
export interface Storage extends Repositories {
  /** All or nothing. Keep it short: it holds a connection and, usually, a thread's lock. Retried when the database asks for it. */
  transaction<T>(work: (tx: Repositories) => Promise<T>): Promise<T>;
  /** Resolves when the database answers. @throws DomainError `unavailable` otherwise. */
  ping(): Promise<void>;
}
