import { aCaller, threadId } from "../../test/facts.js";
import { FakeTapes, fakeLedger } from "../../test/fakes.js";
import { allowAll } from "../auth/authorizer.js";
import { ANONYMOUS } from "../auth/caller.js";
import { askHandlers } from "../auth/handlers.js";
import { userOf } from "../auth/user.js";
import type { CheckpointBatch } from "../checkpoints/checkpoint-repository.js";
import type { GraphStates } from "../graphs/graph-engine.js";
import type { PreparedUpdate, StateSnapshot } from "../graphs/state.js";
import type { JsonObject } from "../json.js";
import type { TapeEntry } from "../runs/tape.js";
import type { Thread } from "./thread.js";
import { makeThreadState } from "./thread-state.js";

const THREAD = threadId(1);
const AT_HEAD: StateSnapshot = {
  values: { n: 1 },
  next: [],
  tasks: [],
  metadata: {},
  createdAt: null,
  checkpoint: null,
  parentCheckpoint: null,
};
const notHere = () => Promise.reject(new Error("not asked for"));

function setUp(facts: Partial<Thread> = {}, prepared: Partial<PreparedUpdate> = {}) {
  const ledger = fakeLedger();
  ledger.addThread({ metadata: { graph_id: "agent" }, config: { tags: ["t"] }, ...facts });
  const written: CheckpointBatch[] = [];
  const newest = { head: "c-1" as string | null };
  ledger.checkpoints.head = async () => newest.head;
  ledger.checkpoints.write = async (batch) => {
    written.push(batch);
    return true;
  };
  const asked: unknown[] = [];
  const states: GraphStates = {
    get: async (thread, options) => {
      asked.push([thread, options]);
      return AT_HEAD;
    },
    history: async (thread, query) => {
      asked.push([thread, query]);
      return [AT_HEAD];
    },
    prepareUpdate: async (thread, update) => {
      asked.push([thread, update]);
      return {
        batches: [{ threadId: THREAD, checkpoints: [], blobs: [], writes: [] }],
        basedOn: "c-1",
        checkpoint: { threadId: THREAD, checkpointNs: "", checkpointId: "c-2" },
        snapshot: { values: { n: 2 }, interrupts: {} },
        next: [],
        ...prepared,
      };
    },
    prepareSupersteps: notHere,
    output: notHere,
  };
  const tapes = new FakeTapes();
  const state = makeThreadState({ storage: ledger, authorizer: allowAll, states, bus: tapes });
  const update = (id = THREAD) => state.updateState(id, { values: { n: 2 } }, ANONYMOUS);
  return { ledger, tapes, state, states, update, newest, written, asked };
}

const GRAPH = { id: THREAD, graphId: "agent", config: { tags: ["t"] } };
const row = ({ ledger }: ReturnType<typeof setUp>) => ledger.rows.threads.get(THREAD)!;

describe("reading", () => {
  test("asks the thread's graph, built with the config it last ran with", async () => {
    const { state, asked } = setUp();

    expect(await state.getState(THREAD, { subgraphs: true }, ANONYMOUS)).toBe(AT_HEAD);
    expect(await state.getHistory(THREAD, { limit: 10 }, ANONYMOUS)).toEqual([AT_HEAD]);
    expect(asked).toEqual([
      [GRAPH, { subgraphs: true }],
      [GRAPH, { limit: 10 }],
    ]);
  });

  test("a thread that never ran gives an empty state and no history", async () => {
    const { state, asked } = setUp({ metadata: {} });

    expect(await state.getState(THREAD, { subgraphs: false }, ANONYMOUS)).toEqual({ ...AT_HEAD, values: {} });
    expect(await state.getHistory(THREAD, { limit: 10 }, ANONYMOUS)).toEqual([]);
    expect(asked).toEqual([]);
  });

  test("needs the thread", async () => {
    const { state } = setUp();

    await expect(state.getState(threadId(9), { subgraphs: false }, ANONYMOUS)).rejects.toMatchObject({
      code: "thread_not_found",
    });
    await expect(state.getHistory(threadId(9), { limit: 1 }, ANONYMOUS)).rejects.toMatchObject({
      code: "thread_not_found",
    });
  });
});

describe("updateState", () => {
  test("writes what was computed, and the thread shows it", async () => {
    const house = setUp({ status: "error", error: { error: "Boom", message: "no" } });

    expect(await house.update()).toEqual({ threadId: THREAD, checkpointNs: "", checkpointId: "c-2" });
    expect(house.written).toHaveLength(1);
    expect(row(house)).toMatchObject({ status: "idle", values: { n: 2 }, error: null });
  });

  test("tells the readers of the thread, numbered by the ledger", async () => {
    const house = setUp({}, { next: ["human"] });
    house.ledger.rows.threads.set(THREAD, { ...house.ledger.rows.threads.get(THREAD)!, streamSeq: 41 });

    await house.update();

    const news: TapeEntry[] = [];
    for await (const entry of house.tapes.replay(THREAD, -1)) news.push(entry);
    expect(news).toMatchObject([{ seq: 42, runId: null, event: "state_update" }]);
    expect(JSON.parse(news[0]!.data)).toEqual({
      values: { n: 2 },
      next: ["human"],
      interrupts: [],
      checkpoint: { thread_id: THREAD, checkpoint_ns: "", checkpoint_id: "c-2", checkpoint_map: null },
    });
  });

  test("keeps a thread interrupted while work is left", async () => {
    const house = setUp({ status: "interrupted" }, { next: ["human"] });

    await house.update();

    expect(row(house).status).toBe("interrupted");
  });

  test("computes again when somebody else wrote in between", async () => {
    const house = setUp();
    house.newest.head = "c-other";
    house.ledger.checkpoints.head = async () => (house.asked.length === 1 ? "c-other" : "c-1");

    await house.update();

    expect(house.asked).toHaveLength(2);
    expect(house.written).toHaveLength(1);
  });

  test("gives up when the state never holds still", async () => {
    const house = setUp();
    house.newest.head = "c-other";

    await expect(house.update()).rejects.toMatchObject({ code: "unavailable" });
    expect(house.written).toEqual([]);
  });

  test("is refused on a busy thread before anything is computed", async () => {
    const house = setUp({ status: "busy" });

    await expect(house.update()).rejects.toMatchObject({ code: "thread_busy", message: "Thread is busy" });
    expect(house.asked).toEqual([]);
  });

  test("is refused when a run was admitted while it was computed", async () => {
    const house = setUp();
    house.ledger.meanwhile = () => house.ledger.addRun({ status: "pending" });

    await expect(house.update()).rejects.toMatchObject({ code: "thread_busy" });
    expect(house.written).toEqual([]);
  });

  test("is void when the thread was deleted while it was computed", async () => {
    const house = setUp();
    house.ledger.meanwhile = () => house.ledger.rows.threads.clear();

    await expect(house.update()).rejects.toMatchObject({ code: "thread_not_found" });
  });

  test("needs a graph to know what an update means", async () => {
    await expect(setUp({ metadata: {} }).update()).rejects.toMatchObject({
      code: "malformed_request",
      message: `Thread ${THREAD} has no graph ID`,
    });
  });
});

describe("patchState", () => {
  const patch = (house: ReturnType<typeof setUp>, metadata: JsonObject) =>
    house.state.patchState(THREAD, metadata, ANONYMOUS);

  test("labels the newest checkpoint", async () => {
    const house = setUp();
    const labels: JsonObject[] = [];
    house.ledger.checkpoints.label = async (_id, metadata) => labels.push(metadata) > 0;

    await patch(house, { reviewed: true });

    expect(labels).toEqual([{ reviewed: true }]);
  });

  test("is refused for what the server writes itself, without a state, and while a run is in flight", async () => {
    const house = setUp();
    house.ledger.checkpoints.label = async () => false;

    await expect(patch(house, { step: 1 })).rejects.toMatchObject({
      code: "invalid_request",
      message: "metadata.step is set by the server",
    });
    await expect(patch(house, {})).rejects.toMatchObject({ code: "malformed_request" });
    house.ledger.addRun({ status: "running" });
    await expect(patch(house, {})).rejects.toMatchObject({ code: "thread_busy" });
  });
});

test.each([
  ["somebody else's thread", threadId(1), "forbidden"],
  ["no thread", threadId(9), "thread_not_found"],
] as const)("writing the state of %s (%s) says %s", async (_what, id, code) => {
  const ledger = fakeLedger();
  ledger.addThread({ metadata: { owner: "bob" } });
  const authorizer = askHandlers({ threads: () => ({ owner: "ann" }) });
  const { states } = setUp();
  const state = makeThreadState({ storage: ledger, authorizer, states, bus: new FakeTapes() });
  const ann = aCaller(userOf("ann"));

  await expect(state.updateState(id, { values: {} }, ann)).rejects.toMatchObject({ code });
  await expect(state.getState(id, { subgraphs: false }, ann)).rejects.toMatchObject({ code: "thread_not_found" });
});
