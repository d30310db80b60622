import { randomUUID } from "node:crypto";
import type { CheckpointRepository } from "@graphfleet/domain";
import type { Sweep } from "./sweep.js";

/** Threads looked at in one round. A million of them take a day. */
const PAGE = 1000;
const EVERY_MS = 90_000;

/**
 * Walks over everything that the checkpointer keeps and removes what belongs to threads that are gone. Threads are removed
 * with their checkpoints, so there should be nothing; where a database was restored in parts, there is.
 *
 * It begins somewhere, so that schedulers that are restarted often get everywhere too.
 */
export function orphanSweep(deps: {
  readonly checkpoints: Pick<CheckpointRepository, "removeOrphans">;
  readonly begin?: string;
}): Sweep {
  let after = deps.begin ?? randomUUID();

  return {
    name: "orphans",
    everyMs: EVERY_MS,
    async once() {
      const { removed, next } = await deps.checkpoints.removeOrphans(after, PAGE);
      after = next ?? "";
      return removed;
    },
  };
}
