import { setTimeout as sleep } from "node:timers/promises";
import type { History } from "../history.js";
import type { ChaosFleet } from "./chaos-fleet.js";

interface HeldRow {
  readonly run_id: string;
  readonly fence: number;
  /** It was taken from its worker, and nobody has claimed it yet. */
  readonly waits?: boolean;
}

const LOOK_EVERY_MS = 100;
const GIVE_UP_MS = 180_000;

/**
 * Remembers what a worker holds, and from `begin` on watches until each of these runs is claimed again or over; the
 * watching goes on by itself. Runs that are never seen again are the checker's to find.
 */
export async function watchRecovery(
  { fleet, history }: { readonly fleet: ChaosFleet; readonly history: History },
  fault: string,
  worker: string,
): Promise<{ begin: () => void }> {
  const held = await heldBy(fleet, worker);
  return {
    begin() {
      const since = Date.now();
      void watch(since);
    },
  };

  async function watch(since: number): Promise<void> {
    let left = held;
    const taken = new Map<string, number>();
    while (left.length > 0 && Date.now() - since < GIVE_UP_MS) {
      // What is still watched when all is over must not keep the process.
      await sleep(LOOK_EVERY_MS, undefined, { ref: false });
      const now = await stillHeld(fleet, left).catch(() => left);
      const ms = Date.now() - since;
      for (const { run_id, waits } of now) if (waits === true && !taken.has(run_id)) taken.set(run_id, ms);
      for (const { run_id } of left)
        if (!now.some((row) => row.run_id === run_id))
          history.add({ kind: "recovered", run: run_id, fault, ms, takenMs: taken.get(run_id) ?? ms });
      left = now;
    }
  }
}

async function heldBy(fleet: ChaosFleet, worker: string): Promise<readonly HeldRow[]> {
  const { rows } = await fleet.sql.query<HeldRow>(
    "select run_id, fence from runs where status = 'running' and lease_owner like $1",
    [`${worker}:%`],
  );
  return rows;
}

/** A run that is pending again is not recovered before somebody claims it. */
async function stillHeld(fleet: ChaosFleet, held: readonly HeldRow[]): Promise<readonly HeldRow[]> {
  const { rows } = await fleet.sql.query<HeldRow>(
    `select r.run_id, r.fence, r.status = 'pending' as waits from runs r
     join unnest($1::uuid[], $2::int[]) as h (run_id, fence) on h.run_id = r.run_id and h.fence = r.fence
     where r.status in ('pending', 'running')`,
    [held.map(({ run_id }) => run_id), held.map(({ fence }) => fence)],
  );
  return rows;
}
