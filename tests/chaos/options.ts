import { parseArgs } from "node:util";

export interface ChaosOptions {
  /** How long faults are made; starting, healing and checking come on top, two or three minutes. */
  readonly minutes: number;
  readonly seed: number;
  /** Write RESULTS.md. */
  readonly record: boolean;
  /** Only these faults; empty = all. */
  readonly only: readonly string[];
}

export const USAGE = `Usage: npm run chaos -- [--minutes 10] [--seed N] [--only fault,fault] [--record]

  --minutes  how long faults are made (1 to 16)
  --seed     replays the schedule of an earlier run
  --only     makes only the faults named
  --record   writes tests/chaos/RESULTS.md`;

const LONGEST_MINUTES = 16;

/** @throws Error with a sentence for the person at the terminal. */
export function parseOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== "--"),
    options: {
      minutes: { type: "string", default: "10" },
      seed: { type: "string" },
      only: { type: "string", default: "" },
      record: { type: "boolean", default: false },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= LONGEST_MINUTES)) throw new Error(`--minutes must be up to ${LONGEST_MINUTES}`);
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error("--seed must be a whole number");
  const only = values.only.split(",").filter((name) => name !== "");
  return { minutes, seed, record: values.record, only };
}
