import { checkTiming, makeTimetable, nextFiring } from "./next-firing.js";

const NOW = new Date("2026-01-01T00:00:00.500Z");
const timing = (schedule: string, timezone: string | null = null, endTime: Date | null = null) => ({
  schedule,
  timezone,
  endTime,
});

/** The next moments after a given one. */
function firings(schedule: string, timezone: string | null, after: string, count: number): string[] {
  const all: string[] = [];
  let last = new Date(after);
  while (all.length < count) {
    last = nextFiring(timing(schedule, timezone), last)!;
    all.push(last.toISOString().replace(":00.000Z", "Z"));
  }
  return all;
}

test.each([
  ["*/15 * * * *", "2026-01-01T00:15:00.000Z"],
  ["*/10 * * * * *", "2026-01-01T00:00:10.000Z"],
  ["@hourly", "2026-01-01T01:00:00.000Z"],
  ["@midnight", "2026-01-02T00:00:00.000Z"],
  ["@weekdays", "2026-01-02T00:00:00.000Z"],
  ["0 12 * * MON", "2026-01-05T12:00:00.000Z"],
  ["0 0 29 2 *", "2028-02-29T00:00:00.000Z"],
])("%s fires next at %s", (schedule, expected) => {
  checkTiming(timing(schedule), NOW);
  expect(nextFiring(timing(schedule), NOW)?.toISOString()).toBe(expected);
});

test("a moment is never its own successor", () => {
  const moment = new Date("2026-01-01T00:00:10Z");
  expect(nextFiring(timing("*/10 * * * * *"), moment)).toEqual(new Date("2026-01-01T00:00:20Z"));
});

describe("days on which clocks change", () => {
  test("a time that is skipped fires an hour later by the clock", () => {
    expect(firings("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2)).toEqual([
      "2026-03-29T01:30Z",
      "2026-03-30T00:30Z",
    ]);
    expect(firings("30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", 2)).toEqual([
      "2026-03-08T07:30Z",
      "2026-03-09T06:30Z",
    ]);
  });

  test("a time that comes twice fires once", () => {
    expect(firings("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2)).toEqual([
      "2026-10-25T00:30Z",
      "2026-10-26T01:30Z",
    ]);
    expect(firings("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", 2)).toEqual([
      "2026-11-01T05:30Z",
      "2026-11-02T06:30Z",
    ]);
  });

  test("every hour is every hour", () => {
    expect(firings("0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", 4)).toEqual([
      "2026-10-25T00:00Z",
      "2026-10-25T01:00Z",
      "2026-10-25T02:00Z",
      "2026-10-25T03:00Z",
    ]);
    expect(firings("0 * * * *", "America/New_York", "2026-03-08T05:30:00Z", 3)).toEqual([
      "2026-03-08T06:00Z",
      "2026-03-08T07:00Z",
      "2026-03-08T08:00Z",
    ]);
  });
});

test("nothing fires after the end; at it, it does", () => {
  const end = new Date("2026-01-01T00:00:10Z");
  expect(nextFiring(timing("*/10 * * * * *", null, end), NOW)).toEqual(end);
  expect(nextFiring(timing("*/10 * * * * *", null, end), end)).toBeNull();
});

test.each([
  ["", "five fields"],
  ["* *", "five fields"],
  ["* * * * * * *", "five fields"],
  ["H * * * *", "H is not supported"],
  ["@reboot", "macros"],
  ["60 * * * *", "0-59"],
  ["0 0 30 2 *", "day of month"],
  ["not a cron at all", "schedule"],
])("schedule %j is refused", (schedule, problem) => {
  expect(() => checkTiming(timing(schedule), NOW)).toThrow(problem);
});

test.each(["Mars/Olympus", "+02:00", "\0", " "])("time zone %j is refused", (timezone) => {
  expect(() => checkTiming(timing("@daily", timezone), NOW)).toThrow("timezone must be an IANA time zone");
});

test.each([NOW, new Date("2025-01-01"), new Date("+010000-01-01")])("an end at %s is refused", (end) => {
  expect(() => checkTiming(timing("@daily", null, end), NOW)).toThrow("end_time must be in the future");
});

describe("the timetable", () => {
  const SLOT = "2026-10-25T00:30:00Z";

  test.each([
    ["* * * * *", "Europe/Berlin"],
    ["30 * * * *", "Europe/Berlin"],
    ["30 2 * * *", "Europe/Berlin"],
    ["*/20 1-3 * * *", "America/New_York"],
    ["0 0 1 1 *", null],
  ])("says of %s in %s what moment after moment says, also of the night in which clocks change", (schedule, zone) => {
    const timetable = makeTimetable(100);
    for (const minutes of [0, 1, 45, 75, 95]) {
      const now = new Date(Date.parse(SLOT) + minutes * 60_000 + 400);
      let [next, missed] = [nextFiring(timing(schedule, zone), new Date(SLOT))!, 0];
      for (; next <= now && missed < 100; missed += 1) next = nextFiring(timing(schedule, zone), next)!;

      const found = timetable(timing(schedule, zone), new Date(SLOT), now);
      expect(found.missed).toBe(missed);
      expect(found.next).toEqual(next);
      expect(timetable(timing(schedule, zone), new Date(SLOT), now)).toEqual(found);
    }
  });

  test("ends where each cron ends, whatever was found for another one", () => {
    const timetable = makeTimetable(100);
    const [slot, now] = [new Date("2026-01-01T00:00:00Z"), new Date("2026-01-01T00:00:00.5Z")];
    const at = (time: string) => new Date(`2026-01-01T00:${time}Z`);

    expect(timetable(timing("* * * * *"), slot, now)).toEqual({ next: at("01:00"), missed: 0 });
    expect(timetable(timing("* * * * *", null, at("00:59")), slot, now)).toEqual({ next: null, missed: 0 });
    expect(timetable(timing("* * * * *", null, at("01:00")), slot, now)).toEqual({ next: at("01:00"), missed: 0 });
    expect(timetable(timing("* * * * *", null, at("02:30")), slot, at("05:10"))).toEqual({ next: null, missed: 2 });
    expect(timetable(timing("* * * * *"), slot, at("05:10"))).toEqual({ next: at("06:00"), missed: 5 });
  });
});
