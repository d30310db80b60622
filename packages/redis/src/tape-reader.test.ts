import { asRunId, type TapeEntry } from "@graphfleet/domain";
import { TapeReader } from "./tape-reader.js";

const MEGABYTE = 1024 * 1024;
const BOUNDS = { entries: 1000, bytes: 4 * MEGABYTE };

const entry = (seq: number, data: string): TapeEntry => ({
  seq,
  runId: asRunId("r"),
  n: seq,
  attempt: 1,
  event: "values",
  ns: [],
  at: 0,
  data,
});

function liveReader(): TapeReader {
  const reader = new TapeReader(-1, BOUNDS);
  reader.live = true;
  return reader;
}

const weightOf = (entries: readonly TapeEntry[]) => entries.reduce((sum, { data }) => sum + data.length, 0);

test("a reader that takes nothing while 200 MB are streamed holds a few, and fetches the rest itself later", () => {
  const reader = liveReader();
  const data = "x".repeat(MEGABYTE);

  for (let seq = 0; seq < 200; seq++) reader.offer(entry(seq, data));

  const held = reader.takeEntries();
  expect(weightOf(held)).toBeLessThanOrEqual(BOUNDS.bytes + MEGABYTE);
  expect(reader.live).toBe(false);
  // From where it goes on: right behind what it holds, although more was offered.
  expect(reader.cursor).toBe(held.at(-1)?.seq);
});

test("small events are bounded by their number", () => {
  const reader = liveReader();

  for (let seq = 0; seq < 100_000; seq++) reader.offer(entry(seq, "1"));

  expect(reader.takeEntries()).toHaveLength(BOUNDS.entries);
});

test("readers of one tape hold the same entries, not copies", () => {
  const readers = Array.from({ length: 1000 }, liveReader);
  const one = entry(1, "x".repeat(1000));

  for (const reader of readers) reader.offer(one);

  expect(readers.every((reader) => reader.takeEntries()[0] === one)).toBe(true);
});
