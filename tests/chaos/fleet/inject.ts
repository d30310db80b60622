import { setTimeout as sleep } from "node:timers/promises";
import type { History } from "../history.js";
import type { PlannedFault } from "../plan.js";
import { askRedis } from "./ask-redis.js";
import type { ChaosFleet } from "./chaos-fleet.js";
import type { Slot } from "./slot.js";
import { watchRecovery } from "./watch-recovery.js";

export interface Chaos {
  readonly fleet: ChaosFleet;
  readonly history: History;
  /** Gives some worker a graph that blocks its event loop. */
  readonly block: (ms: number) => Promise<void>;
}

/** What the half-open server side of a wire is left with after the fault, before somebody clears it away. */
const DEAD_FOR_MS = 5_000;
const SLOW_MS = 150;

/** Makes one fault, and undoes it. @returns who it hit. */
export async function inject(chaos: Chaos, fault: PlannedFault): Promise<string> {
  const { fleet, block } = chaos;
  const { servers } = fleet;
  const victimOf = (slots: readonly Slot[]): Slot => slots[Math.floor(fault.victim * slots.length)] ?? slots[0]!;

  switch (fault.name) {
    case "kill worker":
      return await killWorker(chaos, fault.name, victimOf(fleet.workers));
    case "kill worker twice": {
      const first = victimOf(fleet.workers);
      const others = fleet.workers.filter((slot) => slot !== first);
      const names = [await killWorker(chaos, fault.name, first)];
      await sleep(fault.lastsMs);
      return [...names, await killWorker(chaos, fault.name, victimOf(others))].join(", ");
    }
    case "kill api":
      return kill(victimOf(fleet.apis));
    case "kill scheduler":
      return kill(victimOf(fleet.schedulers));
    case "freeze worker": {
      const worker = victimOf(fleet.workers);
      const watched = await watchRecovery(chaos, fault.name, worker.name);
      worker.signal("SIGSTOP");
      watched.begin();
      await sleep(fault.lastsMs);
      worker.signal("SIGCONT");
      return worker.name;
    }
    case "block event loop":
      await block(fault.lastsMs);
      return "a worker";
    case "roll workers":
      for (const slot of fleet.workers) await slot.roll();
      return "all workers";
    case "roll apis":
      for (const slot of fleet.apis) await slot.roll();
      return "all APIs";
    case "redis restart":
      await servers.redis.stop();
      await sleep(fault.lastsMs);
      await servers.redis.start();
      return "Redis";
    case "redis flushed":
      await askRedis(servers.redis.uri, "FLUSHALL");
      return "Redis";
    case "redis half-open":
    case "postgres half-open": {
      const wire = fault.name === "redis half-open" ? servers.redisWire : servers.postgresWire;
      wire.halfOpen();
      await sleep(fault.lastsMs + DEAD_FOR_MS);
      wire.heal();
      return "every open connection";
    }
    case "redis slow":
    case "postgres slow": {
      const wire = fault.name === "redis slow" ? servers.redisWire : servers.postgresWire;
      wire.delay(SLOW_MS);
      await sleep(fault.lastsMs);
      wire.heal();
      return `${SLOW_MS} ms each way`;
    }
    case "postgres backends ended":
      await fleet.sql.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'graphfleet%'",
      );
      return "every session";
    case "postgres restart":
      await servers.restartPostgres(fault.lastsMs);
      return "Postgres";
  }
}

async function killWorker(chaos: Chaos, fault: string, worker: Slot): Promise<string> {
  const { name } = worker;
  const watched = await watchRecovery(chaos, fault, name);
  kill(worker);
  watched.begin();
  return name;
}

function kill(slot: Slot): string {
  const { name } = slot;
  slot.signal("SIGKILL");
  return name;
}
