import { asRunId, type FollowedEnd, type Run, type StreamMode, type TapeEntry } from "@graphfleet/domain";
import { frameOf } from "../http/sse.js";
import { runEvents } from "./run-events.js";

const run = (status: Run["status"] = "running") => ({ status }) as Run;
const afterEvent = -1;
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
  for await (const { event } of runEvents(run(), tape(...events), { modes, afterEvent, recallOutput }))
    seen.push(event);
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
      afterEvent,
      recallOutput,
    }))
      ids.push(id);

    expect(ids).toEqual([0, 2]);
  });
});

describe("runEvents of a tape with holes", () => {
  async function ids(numbers: readonly number[], { after = -1, lastEvent }: { after?: number; lastEvent?: number }) {
    async function* entries(): AsyncGenerator<TapeEntry, FollowedEnd> {
      for (const n of numbers)
        yield { seq: 100 + n, runId: asRunId("r"), n, attempt: 1, event: "custom", ns: [], at: 0, data: "1" };
      return { status: "success", end: { status: "success", ...(lastEvent === undefined ? {} : { lastEvent }) } };
    }
    const seen: string[] = [];
    const options = { modes: ["custom"], afterEvent: after, recallOutput } as const;
    for await (const { event, id, data } of runEvents(run(), entries(), options)) {
      const { first, last } = JSON.parse(data) as { first?: number; last?: number };
      seen.push(event === "gap" ? `gap ${first}-${last} id ${id}` : String(id));
    }
    return seen;
  }

  test("tells what is missing: at the beginning, in between, and at the end", async () => {
    expect(await ids([3, 4, 7], { lastEvent: 9 })).toEqual([
      "gap 0-2 id 2",
      "3",
      "4",
      "gap 5-6 id 6",
      "7",
      "gap 8-9 id 9",
    ]);
    expect(await ids([], { lastEvent: 0 })).toEqual(["gap 0-0 id 0"]);
  });

  test("tells a reader that came back only what is missing behind its last event", async () => {
    expect(await ids([7], { after: 4, lastEvent: 7 })).toEqual(["gap 5-6 id 6", "7"]);
    expect(await ids([], { after: 7, lastEvent: 7 })).toEqual([]);
    expect(await ids([], { after: Number.MAX_SAFE_INTEGER, lastEvent: 7 })).toEqual([]);
  });

  test("says nothing when nothing is missing, or nobody knows", async () => {
    expect(await ids([0, 1], { lastEvent: 1 })).toEqual(["0", "1"]);
    expect(await ids([0, 1], {})).toEqual(["0", "1"]);
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
    for await (const one of runEvents(at, entries, { modes: ["values"], afterEvent, recallOutput })) event = one;
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
    for await (const event of runEvents(run(), endless(), { modes: ["values"], afterEvent, recallOutput }))
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
    for await (const event of runEvents(run(), lost(...events), {
      modes,
      afterEvent,
      recallOutput: async () => output,
    }))
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

  test("also when the run is over, for a reader whose connection broke before", async () => {
    const last = async (isBack: boolean) => {
      const seen = [];
      const options = { modes: ["values"], afterEvent: -1, recallOutput: async () => '{"n":2}', isBack } as const;
      for await (const event of runEvents(run("success"), lost(), options)) seen.push(event);
      return seen;
    };
    expect(await last(true)).toEqual([{ event: "values", data: '{"n":2}' }]);
    expect(await last(false)).toEqual([]);
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
