/** The parts of the bench that could lie: statistics, parsing, counting. */
import { load } from "./load.mjs";
import { parseOptions } from "./options.mjs";
import { parseStat } from "./process-cpu.mjs";
import { rowsOf } from "./report.mjs";
import { allScenarios, pickScenarios } from "./scenarios/index.mjs";
import { sseReader } from "./sse.mjs";
import { median, percentile } from "./stats.mjs";

const NEVER = Number.POSITIVE_INFINITY;

describe("statistics", () => {
  test("a percentile is one of the samples", () => {
    const samples = Array.from({ length: 100 }, (_, index) => 100 - index);

    expect([0.5, 0.95, 1].map((share) => percentile(samples, share))).toEqual([50, 95, 100]);
    expect(percentile([7], 0.5)).toBe(7);
    expect(percentile([], 0.5)).toBeNull();
  });

  test("a median leaves out what could not be measured", () => {
    expect(median([3, null, 1])).toBe(2);
    expect(median([9, 1, 5])).toBe(5);
    expect(median([null])).toBeNull();
  });
});

describe("sseReader", () => {
  const text = 'event: metadata\r\ndata: {"a":1}\r\nid: 0\r\n\r\n: heartbeat\nevent: values\ndata: {"b"\ndata: :2}\n\n';
  const events = [
    { event: "metadata", data: '{"a":1}', id: "0" },
    { event: "values", data: '{"b":2}', id: "0" },
  ];

  test.each([1, 2, 7, 1_000])("reads the same events in pieces of %i", (size) => {
    const seen = [];
    const read = sseReader((event) => seen.push(event));

    for (let at = 0; at < text.length; at += size) read(text.slice(at, at + size));

    expect(seen).toEqual(events);
  });

  test("does not make an event of a lone heartbeat", () => {
    const seen = [];

    sseReader((event) => seen.push(event))(": heartbeat\n\n: heartbeat\n");

    expect(seen).toEqual([]);
  });
});

describe("load", () => {
  test("does every task once and never more at a time than asked", async () => {
    const indexes = [];
    let open = 0;
    let openMax = 0;

    const { done, errors } = await load({ count: 20, concurrency: 3, stopAt: NEVER }, async (index) => {
      open += 1;
      openMax = Math.max(openMax, open);
      await new Promise((resolve) => setImmediate(resolve));
      indexes.push(index);
      open -= 1;
    });

    expect(indexes.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index));
    expect({ done, errors, openMax }).toEqual({ done: 20, errors: {}, openMax: 3 });
  });

  test("counts failures by their message and goes on", async () => {
    const { done, errors } = await load({ count: 4, concurrency: 1, stopAt: NEVER }, async (index) => {
      if (index % 2 === 0) throw new Error("even");
    });

    expect({ done, errors }).toEqual({ done: 2, errors: { even: 2 } });
  });

  test("starts nothing when the time is up, and says so", async () => {
    const { done, errors } = await load({ count: 5, concurrency: 2, stopAt: 0 }, async () => {});

    expect(done).toBe(0);
    expect(Object.values(errors)).toEqual([5]);
  });
});

test("the CPU time of a process is read past a command with brackets in it", () => {
  const line = "42 (node (x) y) S 7 42 42 0 -1 4194304 100 200 0 0 11 22 33 44 20 0 1 0 12345";

  expect(parseStat(line)).toEqual({ pid: 42, parent: 7, ticks: 110 });
});

describe("the report", () => {
  test("shows medians of the rounds, sums of the errors, and ratios", () => {
    const ours = [
      { "p50 ms": 10, errors: 0 },
      { "p50 ms": 20, errors: 1 },
      { "p50 ms": 12, errors: 2 },
    ];
    const official = [{ "p50 ms": 24, errors: 0 }];

    expect(rowsOf({ name: "x", title: "x", ours, official })).toEqual([
      ["p50 ms", "12", "24", "0.50 x"],
      ["errors", "3", "0", ""],
    ]);
  });

  test("says n/a where a server was not measured", () => {
    const rows = rowsOf({ name: "x", title: "x", ours: [], official: [{ "CPU ms each": null, errors: 0 }] });

    expect(rows).toEqual([
      ["CPU ms each", "n/a", "n/a", "n/a"],
      ["errors", "n/a", "0", ""],
    ]);
  });
});

describe("options", () => {
  test("measure both servers by default", () => {
    expect(parseOptions([], undefined)).toMatchObject({ baseUrl: null, ours: true, official: true, rounds: 3 });
  });

  test("take the server's address from the environment", () => {
    expect(parseOptions([], "http://127.0.0.1:8123").baseUrl).toBe("http://127.0.0.1:8123/");
  });

  test.each([
    [["--against", "nobody"], "--against"],
    [["--rounds", "0"], "--rounds"],
    [["--slots", "many"], "--slots"],
    [["--base-url", "localhost"], "--base-url"],
    [["--fast"], "--fast"],
    [["--without-ours", "--against", "none"], "measures nothing"],
  ])("refuse %j and name it", (args, named) => {
    expect(() => parseOptions(args, undefined)).toThrow(named);
  });
});

describe("pickScenarios", () => {
  const names = (only) => pickScenarios(allScenarios({ quick: true }), only).map(({ name }) => name);

  test("picks all, a family, or one", () => {
    expect(names([])).toHaveLength(16);
    expect(names(["wait"])).toEqual(["wait-1", "wait-8", "wait-32", "wait-128"]);
    expect(names(["stream-8", "burst"])).toEqual(["stream-8", "burst"]);
  });

  test("refuses a name that picks nothing", () => {
    expect(() => names(["weight"])).toThrow('no scenario "weight"');
  });
});
