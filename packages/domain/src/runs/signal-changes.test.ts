import { runId, threadId } from "../../test/facts.js";
import { silent } from "../../test/fakes.js";
import type { CancelledRun } from "./run-repository.js";
import { makeSignals } from "./signal-changes.js";

const ring = { runId: runId(1), threadId: threadId(1), fence: 0 };
const cancelled = (n: number, state: CancelledRun["state"]): CancelledRun => ({
  runId: runId(n),
  threadId: threadId(n),
  state,
  ring: state === "waiting" ? { ...ring, runId: runId(n) } : null,
});

function setUp({ broken = false } = {}) {
  const sent: string[] = [];
  const warnings: object[] = [];
  const note = async (what: string) => {
    if (broken) throw new Error("Redis is away");
    sent.push(what);
  };
  const signals = makeSignals({
    queue: { ring: (rings) => note(`ring ${rings.map((one) => one.runId).join()}`) },
    control: { send: (hint) => note(`${hint.kind} ${hint.runId}`), subscribe: () => () => {} },
    bus: { poke: (thread) => note(`poke ${thread}`) },
    log: { ...silent, warn: (fields) => warnings.push(fields) },
  });
  return { sent, warnings, signals };
}

test("each change is told to whom it concerns", async () => {
  const { sent, signals } = setUp();

  await signals.announce({
    rings: [ring],
    cancelled: [cancelled(2, "marked"), cancelled(3, "done"), cancelled(4, "waiting")],
  });

  expect(sent).toEqual([`ring ${runId(1)},${runId(4)}`, `cancel ${runId(2)}`, `poke ${threadId(3)}`]);
});

test("no news is not told", async () => {
  const { sent, signals } = setUp();

  await signals.announce({});

  expect(sent).toEqual([]);
});

test("a hint that cannot be sent is logged, and nobody fails for it", async () => {
  const { warnings, signals } = setUp({ broken: true });

  await signals.announce({ rings: [ring], cancelled: [cancelled(2, "marked"), cancelled(3, "done")] });

  expect(warnings).toMatchObject([{ hint: "ring" }, { hint: "cancel" }, { hint: "poke" }]);
});
