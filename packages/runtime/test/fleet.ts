/** Graphs on a real ledger: claims, attempts and settlements as a worker makes them. */
import {
  type ClaimedRun,
  claimOf,
  type GraphThread,
  type Json,
  makeLongTermMemory,
  type ThreadId,
} from "@graphfleet/domain";
import { openLedger, type TestLedger } from "@graphfleet/testkit";
import { FleetRunner } from "../src/execute/fleet-runner.js";
import { ItemStore } from "../src/item-store.js";
import { FleetStates } from "../src/state/fleet-states.js";
import { type Performance, perform, registryOf } from "./harness.js";

type Spec = Partial<ClaimedRun["spec"]>;

export interface TestFleet {
  readonly ledger: TestLedger;
  readonly runner: FleetRunner;
  readonly states: FleetStates;
  thread(graphId?: string): Promise<GraphThread>;
  /** A pending run, claimed. */
  claim(thread: GraphThread, spec?: Spec): Promise<ClaimedRun>;
  /** The same run in the hands of the next worker, after the first one died. */
  reclaim(run: ClaimedRun): Promise<ClaimedRun>;
  /** The same, after the first one was told to stop: no attempt is spent. */
  handOver(run: ClaimedRun): Promise<ClaimedRun>;
  /** Claims, performs and settles. */
  run(thread: GraphThread, spec?: Spec): Promise<Performance>;
  settle(run: ClaimedRun): Promise<void>;
}

export async function openFleet(graphs: Readonly<Record<string, unknown>>): Promise<TestFleet> {
  const ledger = await openLedger();
  const { pool, storage } = ledger;
  const store = new ItemStore(
    makeLongTermMemory({ items: storage.items, embedder: null, defaultTtlMinutes: null, refreshOnRead: true }),
  );
  const parts = { graphs: registryOf(graphs), pool, checkpoints: storage.checkpoints, store };
  const runner = new FleetRunner({ ...parts, libraryVersion: "1.2.3" });
  const lease = { owner: "worker", seconds: 60 };

  const claimNext = async (threadId: ThreadId): Promise<ClaimedRun> => {
    const run = await storage.runs.claim({ threadId }, lease);
    if (!run) throw new Error("nothing to claim");
    return run;
  };
  const fleet: TestFleet = {
    ledger,
    runner,
    states: new FleetStates(parts),
    async thread(graphId = "graph") {
      const { id } = await ledger.make.thread({ metadata: { graph_id: graphId } });
      return { id, graphId, config: {} };
    },
    async claim(thread, spec = {}) {
      await ledger.make.run({ threadId: thread.id, spec: { graphId: thread.graphId, ...spec } });
      return claimNext(thread.id);
    },
    async reclaim(run) {
      await storage.runs.giveBack(claimOf(run), { spent: true, lastEvent: run.lastEvent });
      return claimNext(run.threadId);
    },
    async handOver(run) {
      await storage.runs.giveBack(claimOf(run), { spent: false, lastEvent: run.lastEvent });
      return claimNext(run.threadId);
    },
    async run(thread, spec) {
      const run = await fleet.claim(thread, spec);
      const performance = await perform(runner, run);
      await fleet.settle(run);
      return performance;
    },
    async settle(run) {
      await storage.runs.settle(claimOf(run), {
        status: "success",
        ending: "completed",
        error: null,
        snapshot: null,
        checkpointId: null,
        lastSeq: run.seqBase,
      });
    },
  };
  return fleet;
}

/** Part of a JSON value, for tests that know their own data. */
export const at = (value: Json, ...path: readonly (string | number)[]): Json =>
  path.reduce<Json>((inner, key) => (inner as Readonly<Record<string | number, Json>>)[key] ?? null, value);
