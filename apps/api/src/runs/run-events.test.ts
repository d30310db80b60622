import { asRunId, type FollowedEnd, type StreamMode, type TapeEntry } from "@graphfleet/domain";
import { frameOf } from "../http/sse.js";
import { runEvents } from "./run-events.js";

async function* tape(...events: readonly [event: string, ...ns: string[]][]): AsyncGenerator<TapeEntry, FollowedEnd> {
  let n = 0;
  for (const [event, ...ns] of events) {
    yield { seq: 100 + n, runId: asRunId("r"), n: n++, attempt: 1, event, ns, at: 0, data: `{"n":${n}}` };
  }
  return { status: "success", end: null };
}

async function names(modes: readonly StreamMode[], ...events: readonly [string, ...string[]][]): Promise<string[]> {
  const seen: string[] = [];
  for await (const { event } of runEvents(tape(...events), modes)) seen.push(event);
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
    for await (const { id } of runEvents(tape(["metadata"], ["updates"], ["values"]), ["values"])) ids.push(id);

    expect(ids).toEqual([0, 2]);
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
