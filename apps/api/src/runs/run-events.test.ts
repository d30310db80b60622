import { asRunId, type FollowedEnd, type Run, type StreamMode, type TapeEntry } from "@graphfleet/domain";
import { frameOf } from "../http/sse.js";
import { runEvents } from "./run-events.js";

const run = (status: Run["status"] = "running") => ({ status }) as Run;
const recallOutput = async () => '{"__error__":{"error":"MaxAttemptsExceeded","message":"enough"}}';

async function* tape(...events: readonly [event: string, ...ns: string[]][]): AsyncGenerator<TapeEntry, FollowedEnd> {
  yield* said(...events);
  return { status: "success", end: { status: "success" } };
}

async function* said(...events: readonly [event: string, ...ns: string[]][]): AsyncGenerator<TapeEntry> {
  let n = 0;
  for (const [event, ...ns] of events) {
    yield { seq: 100 + n, runId: asRunId("r"), n: n++, attempt: 1, event, ns, at: 0, data: `{"n":${n}}` };
  }
}

async function names(modes: readonly StreamMode[], ...events: readonly [string, ...string[]][]): Promise<string[]> {
  const seen: string[] = [];
  for await (const { event } of runEvents(run(), tape(...events), { modes, recallOutput })) seen.push(event);
  return seen;
}

describe("runEvents", () => {
  test("lets through the modes asked for, and always metadata, error and feedback", async () => {
    const all: [string][] = [["metadata"], ["values"], ["updates"], ["custom"], ["feedback"], ["error"]];

    expect(await names(["values"], ...all)).toEqual(["metadata", "values", "feedback", "error"]);
    expect(await names(["updates", "custom"], ...all)).toEqual(["metadata", "updates", "custom", "feedback", "error"]);
  });

  test("tells the two message modes apart", async () => {
    const all: [string][] = [["messages"], ["messages/metadata"], ["messages/partial"], ["messages/complete"]];

    expect(await names(["messages-tuple"], ...all)).toEqual(["messages"]);
    expect(await names(["messages"], ...all)).toEqual(["messages/metadata", "messages/partial", "messages/complete"]);
  });

  test("names the subgraph that spoke, except where clients know no suffix", async () => {
    const seen = await names(
      ["values", "messages", "messages-tuple", "events"],
      ["values"],
      ["values", "a:1"],
      ["values", "a:1", "b:2"],
      ["messages", "a:1"],
      ["messages/partial", "a:1"],
      ["events", "a:1"],
      ["error", "a:1"],
    );

    expect(seen).toEqual([
      "values",
      "values|a:1",
      "values|a:1|b:2",
      "messages|a:1",
      "messages/partial",
      "events",
      "error",
    ]);
  });

  test("keeps the run's numbers, also when events in between are left out", async () => {
    const ids = [];
    for await (const { id } of runEvents(run(), tape(["metadata"], ["updates"], ["values"]), {
      modes: ["values"],
      recallOutput,
    }))
      ids.push(id);

    expect(ids).toEqual([0, 2]);
  });
});

describe("runEvents of a run that failed", () => {
  const failing = (end: FollowedEnd["end"], ...events: [string][]) =>
    (async function* failed(): AsyncGenerator<TapeEntry, FollowedEnd> {
      yield* said(...events);
      return { status: "error", end };
    })();

  async function last(at: Run, entries: ReturnType<typeof failing>) {
    let event;
    for await (const one of runEvents(at, entries, { modes: ["values"], recallOutput })) event = one;
    return event;
  }

  test("the ledger has the last word when the tape has none", async () => {
    expect(await last(run(), failing(null, ["metadata"], ["values"]))).toEqual({
      event: "error",
      data: '{"error":"MaxAttemptsExceeded","message":"enough"}',
    });
  });

  test("nobody hears of it twice, or late", async () => {
    expect(await last(run(), failing(null, ["metadata"], ["error"]))).toMatchObject({ id: 1 });
    expect(await last(run(), failing({ status: "error" }, ["metadata"]))).toMatchObject({ id: 0 });
    expect(await last(run("error"), failing(null))).toBeUndefined();
  });

  test("a reader that goes away lets go of the tape", async () => {
    let released = false;
    async function* endless(): AsyncGenerator<TapeEntry, null> {
      try {
        for (;;) yield* said(["values"]);
      } finally {
        released = true;
      }
    }
    for await (const event of runEvents(run(), endless(), { modes: ["values"], recallOutput }))
      if (event.id === 0) break;
    expect(released).toBe(true);
  });
});

describe("runEvents of a run whose last page is missing", () => {
  async function* lost(...events: readonly [event: string, data: string][]): AsyncGenerator<TapeEntry, FollowedEnd> {
    let n = 0;
    for (const [event, data] of events)
      yield { seq: 100 + n, runId: asRunId("r"), n: n++, attempt: 1, event, ns: [], at: 0, data };
    return { status: "success", end: null };
  }

  async function read(output: string, modes: readonly StreamMode[], ...events: readonly [string, string][]) {
    const seen = [];
    for await (const event of runEvents(run(), lost(...events), { modes, recallOutput: async () => output }))
      seen.push(event);
    return seen;
  }

  test("ends with the values that the reader has not seen", async () => {
    expect(await read('{"n":2}', ["values"], ["metadata", "{}"], ["values", '{"n":1}'])).toEqual([
      { event: "metadata", data: "{}", id: 0 },
      { event: "values", data: '{"n":1}', id: 1 },
      { event: "values", data: '{"n":2}' },
    ]);
    expect(await read('{"n":2}', ["values"])).toEqual([{ event: "values", data: '{"n":2}' }]);
  });

  test("says nothing twice, and nothing that was not asked for", async () => {
    expect(await read('{"m":1,"n":2}', ["values"], ["values", '{"n":2,"m":1}'])).toHaveLength(1);
    expect(await read('{"n":2,"__interrupt__":[1]}', ["values"], ["values", '{"__interrupt__":[1]}'])).toHaveLength(1);
    expect(await read('{"n":2}', ["updates"], ["values", '{"n":1}'])).toEqual([]);
  });
});

describe("frameOf", () => {
  test("is event, one data line, id, and a blank line", () => {
    expect(frameOf({ event: "values", data: '{"a":"\u2028"}', id: 0 })).toBe(
      'event: values\ndata: {"a":"\u2028"}\nid: 0\n\n',
    );
    expect(frameOf({ event: "error", data: '"x"' })).toBe('event: error\ndata: "x"\n\n');
  });
});
