import { claimOf } from "@graphfleet/domain";
import { Annotation, END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import { openFleet, type TestFleet } from "../../test/fleet.js";
import { FleetSaver } from "./fleet-saver.js";

const State = Annotation.Root({
  who: Annotation<string>(),
  log: Annotation<string[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
});
const compile = (checkpointer: BaseCheckpointSaver) =>
  new StateGraph(State)
    .addNode("one", ({ who }) => ({ log: [`one ${who}`] }))
    .addNode("two", ({ who }) => ({ log: [`two ${who}`] }))
    .addEdge(START, "one")
    .addEdge("one", "two")
    .addEdge("two", END)
    .compile({ checkpointer });

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await openFleet({});
});
afterAll(() => fleet.ledger.close());

/** A saver for a claimed run on a thread, with a way to make more for the same claim. */
async function claimed(awaitWrites = false) {
  const run = await fleet.claim(await fleet.thread());
  const failures: unknown[] = [];
  const open = () =>
    new FleetSaver(fleet.ledger.pool, fleet.ledger.storage.checkpoints, {
      kind: "claimed",
      claim: claimOf(run),
      awaitWrites,
      told: async () => {},
      onFailure: (error) => failures.push(error),
    });
  return { run, open, failures, place: { configurable: { thread_id: run.threadId } } };
}

/** Runs a thread, then forks it from its first step with another value for `who`. */
async function fork(open: () => BaseCheckpointSaver & { flush?(): Promise<void> }, threadId: string) {
  const place = { configurable: { thread_id: threadId } };
  const saver = open();
  const graph = compile(saver);
  await graph.invoke({ who: "ann" }, place);
  await saver.flush?.();

  let beforeOne: { configurable?: Record<string, unknown> } = place;
  for await (const state of compile(open()).getStateHistory(place)) {
    if (state.next[0] === "one") beforeOne = state.config;
  }
  const forker = open();
  const forked = await compile(forker).updateState(beforeOne, { who: "bob" });
  await forker.flush?.();
  const replayer = open();
  await compile(replayer).invoke(null, forked);
  await replayer.flush?.();
  // A reader of its own: what counts is what is in the tables.
  return (await compile(open()).getState(place)).values as typeof State.State;
}

describe("a fork of a thread", () => {
  test("reads its own values with our versions", async () => {
    const { open, run } = await claimed();
    expect(await fork(open, run.threadId)).toEqual({ who: "bob", log: ["one bob", "two bob"] });
  });

  test("reads the other branch's values with whole numbers, which is why ours have fractions", async () => {
    const { run } = await claimed();
    const official = () => new PostgresSaver(fleet.ledger.pool);
    expect(await fork(official, run.threadId)).not.toEqual({ who: "bob", log: ["one bob", "two bob"] });
  });
});

describe("version numbers", () => {
  test("grow, and are the same for all channels of a step", async () => {
    const { open } = await claimed();
    const saver = open();
    let version = saver.getNextVersion(undefined);
    expect(version).toBeGreaterThanOrEqual(1);
    for (let step = 2; step < 200; step += 1) {
      const next = saver.getNextVersion(version);
      expect(saver.getNextVersion(version)).toBe(next);
      expect(Math.floor(next)).toBe(step);
      version = next;
    }
  });

  test("come back from the database to the last digit", async () => {
    const { open, place, run } = await claimed();
    const saver = open();
    const versions = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`c${index}`, index + Math.random()]),
    );
    const values = Object.fromEntries(Object.keys(versions).map((channel) => [channel, channel]));
    const checkpoint = {
      v: 4,
      id: "1ef00000-0000-6000-8000-000000000000",
      ts: new Date(0).toISOString(),
      channel_values: values,
      channel_versions: versions,
      versions_seen: { node: versions },
    };
    await saver.put(
      { configurable: { ...place.configurable, checkpoint_ns: "" } },
      checkpoint,
      { source: "loop", step: 0, parents: {} },
      versions,
    );
    await saver.flush();
    for (const reader of [saver, open(), new PostgresSaver(fleet.ledger.pool)]) {
      const tuple = await reader.getTuple(place);
      expect(tuple?.checkpoint).toEqual(checkpoint);
      expect(tuple?.metadata).toMatchObject({ source: "loop", step: 0, run_id: run.id });
    }
  });
});

describe("what the saver remembers", () => {
  test("is what the database holds", async () => {
    const { open, place } = await claimed();
    const saver = open();
    await compile(saver).invoke({ who: "ann\0" }, { ...place, metadata: { label: "a\0b" } });
    const remembered = await saver.getTuple(place);
    await saver.flush();
    const stored = await open().getTuple(place);
    expect(remembered).toEqual(stored);
    expect(stored?.checkpoint.channel_values).toMatchObject({ who: "ann\0" });
    expect(stored?.metadata).toMatchObject({ label: "ab", step: 2 });
    expect(await new PostgresSaver(fleet.ledger.pool).getTuple(place)).toEqual(stored);
  });

  test("includes writes that wait for their step, and messages as messages", async () => {
    const { open, place } = await claimed();
    const saver = open();
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("good", () => ({ messages: [{ role: "ai", content: "fine", id: "2" }] }))
      .addNode("bad", () => {
        throw new Error("Boo!");
      })
      .addEdge(START, "good")
      .addEdge(START, "bad")
      .addEdge("good", END)
      .addEdge("bad", END)
      .compile({ checkpointer: saver });
    await expect(graph.invoke({ messages: [{ role: "user", content: "hi", id: "1" }] }, place)).rejects.toThrow("Boo!");
    const remembered = await saver.getTuple(place);
    await saver.flush();
    const stored = await open().getTuple(place);
    expect(remembered).toEqual(stored);
    expect(stored?.pendingWrites?.length).toBeGreaterThan(0);
    expect(await new PostgresSaver(fleet.ledger.pool).getTuple(place)).toEqual(stored);
  });

  test("lists with everything it wrote before", async () => {
    const { open, place } = await claimed();
    const saver = open();
    const graph = compile(saver);
    await graph.invoke({ who: "ann" }, place);
    const steps: unknown[] = [];
    for await (const state of graph.getStateHistory(place)) steps.push(state.next);
    expect(steps).toEqual([[], ["two"], ["one"], ["__start__"]]);
  });
});

describe("the fence", () => {
  test("a worker that lost its run writes nothing and is told", async () => {
    const { open, place, run, failures } = await claimed(true);
    await fleet.reclaim(run);
    await expect(compile(open()).invoke({ who: "zombie" }, place)).rejects.toMatchObject({ name: "LeaseLost" });
    expect(failures).toMatchObject([{ name: "LeaseLost" }]);
    const { rows } = await fleet.ledger.pool.query("select from checkpoints where thread_id = $1", [run.threadId]);
    expect(rows).toEqual([]);
  });

  test("a saver that was closed writes nothing", async () => {
    const { open, place } = await claimed();
    const saver = open();
    saver.close();
    await expect(compile(saver).invoke({ who: "late" }, place)).rejects.toThrow("The run is over");
  });
});
