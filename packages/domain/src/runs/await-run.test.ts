import { anEntry, aSpec, threadId } from "../../test/facts.js";
import { asBus, fakeLedger, FakeTapes } from "../../test/fakes.js";
import type { GraphThread } from "../graphs/state.js";
import { makeAwaitRun, makeRecallOutput } from "./await-run.js";
import { makeFollowRun } from "./follow-run.js";
import type { Run } from "./run.js";
import { END, type RunEnd } from "./tape.js";

const THREAD = threadId(1);

function setUp(facts: Partial<Run>, values: { readonly [key: string]: string } | null = null) {
  const ledger = fakeLedger();
  ledger.addThread({ values });
  const run = ledger.addRun(facts);
  const tapes = new FakeTapes();
  const abort = new AbortController();
  const asked: { thread: GraphThread; checkpointId: string | null }[] = [];
  const awaitRun = makeAwaitRun({
    followRun: makeFollowRun({ storage: ledger, bus: asBus(tapes) }),
    recallOutput: makeRecallOutput({
      storage: ledger,
      states: {
        output: async (thread, checkpointId) => {
          asked.push({ thread, checkpointId });
          return '{"from":"checkpoint"}';
        },
      },
    }),
  });
  const end = (ended: RunEnd) =>
    tapes.add(THREAD, anEntry({ seq: 1 }), anEntry({ seq: 2, n: -1, event: END, data: JSON.stringify(ended) }));
  return { ledger, run, tapes, abort, asked, end, wait: () => awaitRun(run, abort.signal) };
}

test("answers with the output that came with the end of the tape", async () => {
  const { tapes, end, wait } = setUp({ status: "running" });

  const waiting = wait();
  await tapes.waiting();
  end({ status: "success", output: '{"n":1}' });

  expect(await waiting).toBe('{"n":1}');
});

test("answers nothing to someone who left", async () => {
  const { tapes, abort, wait } = setUp({ status: "running" });

  const waiting = wait();
  await tapes.waiting();
  abort.abort();

  expect(await waiting).toBeNull();
});

describe("without an output on the tape", () => {
  test("a failed run answers with its error", async () => {
    const { wait } = setUp({ status: "error", error: { error: "Boom", message: "no" }, checkpointId: "c-1" });

    expect(JSON.parse((await wait())!)).toEqual({ __error__: { error: "Boom", message: "no" } });
  });

  test("a run that left a checkpoint answers with the values there", async () => {
    const spec = aSpec({ config: { configurable: { model: "m" } } });
    const { run, asked, end, wait } = setUp({ status: "success", checkpointId: "c-1", spec });
    end({ status: "success" });

    expect(await wait()).toBe('{"from":"checkpoint"}');
    expect(asked).toEqual([
      { thread: { id: run.threadId, graphId: "agent", config: spec.config }, checkpointId: "c-1" },
    ]);
  });

  test("a temporary run has no checkpoints: its thread knows the values", async () => {
    const { asked, wait } = setUp(
      { status: "success", checkpointId: "c-1", spec: aSpec({ temporary: true }) },
      { a: "b" },
    );

    expect(await wait()).toBe('{"a":"b"}');
    expect(asked).toEqual([]);
  });

  test("a run that was ended when its worker had died answers with what it did until then", async () => {
    const { asked, wait } = setUp({ status: "interrupted", startedAt: new Date() }, { a: "before" });

    expect(await wait()).toBe('{"from":"checkpoint"}');
    expect(asked).toMatchObject([{ checkpointId: null }]);
  });

  test("a run that never began answers with its thread's values", async () => {
    expect(await setUp({ status: "interrupted", startedAt: null }, { a: "b" }).wait()).toBe('{"a":"b"}');
  });

  test("the answer is an object, never null, because clients look for keys in it", async () => {
    expect(await setUp({ status: "interrupted" }, null).wait()).toBe("{}");
  });

  test("a run that was rolled back answers with an empty object", async () => {
    const { ledger, run, tapes, wait } = setUp({ status: "running" }, { a: "b" });

    const waiting = wait();
    await tapes.waiting();
    ledger.rows.runs.delete(run.id);
    await tapes.poke(THREAD);

    expect(await waiting).toBe("{}");
  });
});
