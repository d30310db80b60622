import type { StreamBus, ThreadRepository } from "@graphfleet/domain";
import { inBatches } from "./in-batches.js";
import type { Sweep } from "./sweep.js";

/** Threads of one transaction; and the rows that it may remove, so that it is short for threads with long pasts too. */
const BATCH = 100;
const BATCH_ROWS = 5000;

/** Does to threads that nobody used for their lifetime what it says: removes them, or their past. */
export function threadTtlSweep(deps: {
  readonly threads: Pick<ThreadRepository, "expire">;
  readonly bus: Pick<StreamBus, "remove">;
  readonly everyMs: number;
  readonly limit: number;
}): Sweep {
  const { threads, bus, everyMs, limit } = deps;

  async function batch(most: number) {
    const { deleted, kept, more } = await threads.expire({ threads: Math.min(BATCH, most), rows: BATCH_ROWS });
    // A tape that is left behind, because Redis is away or we die here, ends by itself.
    await Promise.all(deleted.map((id) => bus.remove(id)));
    return { rows: deleted.length + kept.length, more };
  }

  return { name: "thread_ttl", everyMs, once: (stopping) => inBatches({ batch, limit, stopping }) };
}
