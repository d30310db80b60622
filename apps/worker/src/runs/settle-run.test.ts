import { EncryptionFailed } from "@graphfleet/domain";
import { runId } from "../../test/fakes.js";
import { boom, failed, finished, NEXT, RESTING, settledAs, setUp, stopped } from "../../test/settling.js";

const THREAD_VALUES = { model: "thread", field: "values", metadata: {} } as const;

describe("a run that ends", () => {
  test("is on the tape, then in the ledger, then has its last page, then rings for the next", async () => {
    const { journal, settle } = setUp();

    expect(await settle(finished())).toBe("success");

    expect(journal).toEqual(["flush", "settle", "close success, keep 60", NEXT]);
  });

  test("leaves what the graph left, and room on the tape for the last page", async () => {
    const { endings, tape, settle } = setUp();
    const interrupts = { t: [{ id: "i", value: "?" }] };

    await settle(finished({ interrupts, next: ["human"], output: '{"__interrupt__":[]}' }));

    expect(endings).toEqual([
      {
        status: "success",
        ending: "paused",
        error: null,
        snapshot: { values: { n: 1 }, interrupts },
        checkpointId: "c-1",
        lastSeq: 111,
      },
    ]);
    expect(tape.ended).toEqual({ status: "success", output: '{"__interrupt__":[]}' });
  });

  test("because the graph threw tells readers, the ledger and whoever waits", async () => {
    const { journal, endings, tape, settle } = setUp();

    expect(await settle(failed())).toBe("error");

    expect(journal).toEqual(["snapshot", "append error", "flush", "settle", "close error, keep 60", NEXT]);
    expect(tape.events).toEqual([{ event: "error", data: JSON.stringify(boom) }]);
    expect(endings).toEqual([
      {
        status: "error",
        ending: "failed",
        error: boom,
        snapshot: { values: { kept: true }, interrupts: {} },
        checkpointId: "c-9",
        lastSeq: 112,
      },
    ]);
    expect(JSON.parse(tape.ended!.output!)).toEqual({ __error__: boom });
  });

  test("because its user cancelled it is no error, and answers with what it left", async () => {
    const { journal, endings, tape, settle } = setUp();

    expect(await settle(stopped("cancelled"))).toBe("interrupted");

    expect(journal).toEqual(["snapshot", "flush", "settle", "close interrupted, keep 60", NEXT]);
    expect(endings).toMatchObject([{ status: "interrupted", ending: "cancelled", error: null }]);
    expect(tape.ended!.output).toBe('{"kept":true}');
  });

  test("because its time was over says so", async () => {
    const { endings, tape, settle } = setUp();

    expect(await settle(stopped("timed_out"))).toBe("timeout");

    expect(endings).toMatchObject([{ status: "timeout", ending: "failed", error: { error: "TimeoutError" } }]);
    expect(tape.events).toMatchObject([{ event: "error" }]);
  });

  test("after its last attempt at an outage is an error", async () => {
    expect(await setUp({ attempt: 3 }).settle(failed(true))).toBe("error");
  });

  test("with something that cannot be encrypted fails, and leaves only why", async () => {
    const { journal, endings, tape, ledger, sentences, settle } = setUp();
    ledger.unsealable = new EncryptionFailed("encrypt.json", THREAD_VALUES, "failed");

    expect(await settle(finished())).toBe("error");

    const error = { error: "EncryptionFailed", message: ledger.unsealable.message };
    expect(endings).toMatchObject([{ status: "error", ending: "failed", error, snapshot: null }]);
    expect(journal).toEqual(["flush", "settle", "append error", "flush", "settle", "close error, keep 60", NEXT]);
    expect(JSON.parse(tape.ended!.output!)).toEqual({ __error__: error });
    expect(sentences).toContain("what a run left cannot be encrypted");
  });

  test("on a temporary thread has no state to look for", async () => {
    const { journal, endings, tape, settle } = setUp({ spec: { temporary: true } });

    await settle(stopped("cancelled"));

    expect(journal).not.toContain("snapshot");
    expect(endings).toMatchObject([{ snapshot: null, checkpointId: null }]);
    expect(tape.ended!.output).toBe("{}");
  });

  test("ends even when what it left cannot be read", async () => {
    const { endings, ledger, sentences, settle } = setUp();
    ledger.state = () => Promise.reject(new Error("unreadable"));

    expect(await settle(failed())).toBe("error");

    expect(endings).toMatchObject([{ snapshot: null, checkpointId: null }]);
    expect(sentences).toEqual(["the state that a run left behind could not be read"]);
  });

  test("and left no values answers with an empty object", async () => {
    const { ledger, tape, settle } = setUp();
    ledger.state = async () => ({ ...RESTING, values: null });

    await settle(stopped("cancelled"));

    expect(tape.ended!.output).toBe("{}");
  });

  test("with nobody behind it rings for nobody", async () => {
    const { journal, ledger, settle } = setUp();
    ledger.answer = settledAs("success");

    await settle(finished());

    expect(journal.at(-1)).toBe("close success, keep 60");
  });

  test("has ended even when the bell cannot be reached", async () => {
    const { queue, sentences, settle } = setUp();
    queue.isAway = true;

    expect(await settle(finished())).toBe("success");
    expect(sentences).toEqual(["a ring got lost; the doorbell sweep will repeat it"]);
  });
});

describe("a run with a webhook", () => {
  const HOOK = { spec: { webhook: "/hook" } };

  test("rings for its delivery when everything else is done", async () => {
    const { journal, settle } = setUp(HOOK);
    await settle(finished());
    expect(journal.slice(-2)).toEqual([NEXT, `ring ${runId(1)}`]);
  });

  test("does not ring while it goes on, when it is rolled back, or when another worker has it", async () => {
    const again = setUp(HOOK);
    await again.settle({ kind: "stopped", reason: "shutting_down" });
    const rolledBack = setUp(HOOK);
    await rolledBack.settle({ kind: "stopped", reason: "rolled_back" });
    const stale = setUp(HOOK);
    stale.ledger.answer = { kind: "stale" };
    await stale.settle(finished());
    for (const { journal } of [again, rolledBack, stale]) expect(journal).not.toContain(`ring ${runId(1)}`);
  });

  test("has ended even when the bell cannot be reached", async () => {
    const { webhooks, sentences, settle } = setUp(HOOK);
    webhooks.isAway = true;
    expect(await settle(finished())).toBe("success");
    expect(sentences).toEqual(["a ring got lost; the webhook sweep will repeat it"]);
  });
});

describe("a cancel that was acknowledged first", () => {
  test("wins over a success", async () => {
    const { ledger, tape, settle } = setUp();
    ledger.answer = settledAs("interrupted");

    expect(await settle(finished())).toBe("interrupted");
    expect(tape.ended).toEqual({ status: "interrupted", output: '{"n":1}' });
  });

  test("wins over an error, which is then nobody's answer", async () => {
    const { ledger, tape, settle } = setUp();
    ledger.answer = settledAs("interrupted");

    await settle(failed());

    expect(tape.ended).toEqual({ status: "interrupted", output: '{"kept":true}' });
  });

  test("with rollback turns the ending into a rollback", async () => {
    const { journal, ledger, run, settle } = setUp();
    ledger.answer = { kind: "rollback_wanted" };

    expect(await settle(finished())).toBe("rolled_back");
    expect(journal.slice(-4)).toEqual([`snapshot without ${run.id}`, "roll back", "close rolled_back, keep 60", NEXT]);
  });
});
