import { CronExpressionParser } from "cron-parser";
import { invalidRequest } from "../errors.js";
import type { CronTiming } from "./cron.js";

const MACROS = new Set([
  "@yearly",
  "@annually",
  "@monthly",
  "@weekly",
  "@daily",
  "@midnight",
  "@hourly",
  "@minutely",
  "@secondly",
  "@weekdays",
  "@weekends",
]);

/** Other years than these have no common spelling. */
const LAST_MOMENT = Date.UTC(9999, 11, 31);

/**
 * The first moment after `after` at which a cron fires; null when there is none before its end.
 *
 * A time that a day skips because clocks go forward fires as many minutes later as it was skipped; a time that a day has
 * twice fires once, the first time. Schedules by the hour or oftener fire through both.
 */
export function nextFiring({ schedule, timezone, endTime }: CronTiming, after: Date): Date | null {
  try {
    return upTo(endTime, parse(schedule, timezone, after).next().toDate());
  } catch {
    // It was checked when it was written, so it is not wrong: there is no such day any more.
    return null;
  }
}

/** What comes after a moment that is being taken care of. */
export interface Following {
  readonly next: Date | null;
  /** Moments between, which nobody took care of. */
  readonly missed: number;
}

/**
 * Reading a schedule takes most of the time of a firing, and many crons have the same: what was found is remembered. For
 * one round; it is never forgotten.
 *
 * What follows is looked for from the moment itself: from the middle of an hour that a day has twice, its moments would
 * come twice.
 */
export function makeTimetable(countMissed: number): (timing: CronTiming, slot: Date, now: Date) => Following {
  const known = new Map<string, Following>();

  return (timing, slot, now) => {
    const { schedule, timezone, endTime } = timing;
    const endless = { ...timing, endTime: null };
    const usual = once([schedule, timezone, slot], () => ({ next: nextFiring(endless, slot), missed: 0 }));
    if (usual.next === null || usual.next > now) return { ...usual, next: upTo(endTime, usual.next) };
    return once([schedule, timezone, slot, endTime, now], () => following(timing, slot, now, countMissed));
  };

  function once(facts: readonly unknown[], find: () => Following): Following {
    const key = JSON.stringify(facts);
    const found = known.get(key) ?? find();
    known.set(key, found);
    return found;
  }
}

/** Not counted further than `countMissed`. */
function following(timing: CronTiming, slot: Date, now: Date, countMissed: number): Following {
  const { schedule, timezone, endTime } = timing;
  let missed = 0;
  try {
    const moments = parse(schedule, timezone, slot);
    for (; missed < countMissed; missed += 1) {
      const next = upTo(endTime, moments.next().toDate());
      if (next === null || next > now) return { next, missed };
    }
  } catch {
    // There is no such day any more.
    return { next: null, missed };
  }
  return { next: nextFiring(timing, now), missed };
}

const upTo = (endTime: Date | null, moment: Date | null): Date | null =>
  moment !== null && endTime !== null && moment > endTime ? null : moment;

/** @throws DomainError `invalid_request` that names the field, for timings under which nothing can fire. */
export function checkTiming({ schedule, timezone, endTime }: CronTiming, now: Date): void {
  if (timezone !== null && !isTimezone(timezone))
    throw invalidRequest(`timezone must be an IANA time zone like "Europe/Berlin"`);
  if (endTime !== null && !(endTime > now && endTime.getTime() <= LAST_MOMENT))
    throw invalidRequest("end_time must be in the future and before the year 9999 ends");
  const problem = problemOf(schedule, timezone, now);
  if (problem !== null) throw invalidRequest(`schedule is not a cron expression: ${problem}`);
}

function problemOf(schedule: string, timezone: string | null, now: Date): string | null {
  if (schedule.startsWith("@")) {
    if (!MACROS.has(schedule)) return `the macros are ${[...MACROS].join(", ")}`;
  } else {
    // The parser fills up what is missing, and reads H as a random number of its own choosing.
    const fields = schedule.trim().split(/\s+/);
    if (fields.length !== 5 && fields.length !== 6) return "it must have five fields, or six with seconds first";
    if (/(^|[\s,])h/i.test(schedule)) return "H is not supported";
  }
  try {
    parse(schedule, timezone, now).next();
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

const parse = (schedule: string, timezone: string | null, currentDate: Date) =>
  CronExpressionParser.parse(schedule === "@midnight" ? "@daily" : schedule, { currentDate, tz: timezone ?? "UTC" });

/** Offsets like "+02:00" are none: they know no summer. */
function isTimezone(name: string): boolean {
  if (!/^[a-z]/i.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
