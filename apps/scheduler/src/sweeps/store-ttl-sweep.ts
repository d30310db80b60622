import type { ItemRepository } from "@graphfleet/domain";
import { inBatches } from "./in-batches.js";
import type { Sweep } from "./sweep.js";

const BATCH = 500;
/** Bounds a round, so that its numbers come in time. */
const LIMIT = 100_000;

/** Removes items whose time is over. Nobody sees them any more, so only their room is at stake. */
export function storeTtlSweep(deps: {
  readonly items: Pick<ItemRepository, "removeExpired">;
  readonly everyMs: number;
}): Sweep {
  async function batch(most: number) {
    const wanted = Math.min(BATCH, most);
    const rows = await deps.items.removeExpired(wanted);
    return { rows, more: rows === wanted };
  }

  return {
    name: "store_ttl",
    everyMs: deps.everyMs,
    once: (stopping) => inBatches({ batch, limit: LIMIT, stopping }),
  };
}
