import { Random } from "./random.js";

/** Every fault, with how often it comes up per round and how long it lasts, in seconds. */
export const FAULTS = {
  "kill worker": { times: 3, seconds: [0, 0] },
  "kill worker twice": { times: 1, seconds: [3, 9] },
  "kill api": { times: 1, seconds: [0, 0] },
  "kill scheduler": { times: 1, seconds: [0, 0] },
  "freeze worker": { times: 2, seconds: [18, 26] },
  "block event loop": { times: 1, seconds: [18, 24] },
  "roll workers": { times: 1, seconds: [0, 0] },
  "roll apis": { times: 1, seconds: [0, 0] },
  "redis restart": { times: 1, seconds: [2, 10] },
  "redis flushed": { times: 1, seconds: [0, 0] },
  "redis half-open": { times: 1, seconds: [12, 20] },
  "redis slow": { times: 1, seconds: [6, 12] },
  "postgres backends ended": { times: 1, seconds: [0, 0] },
  "postgres restart": { times: 1, seconds: [0, 3] },
  "postgres half-open": { times: 1, seconds: [12, 20] },
  "postgres slow": { times: 1, seconds: [6, 12] },
} as const satisfies Record<string, { readonly times: number; readonly seconds: readonly [number, number] }>;

export type FaultName = keyof typeof FAULTS;

export interface PlannedFault {
  readonly name: FaultName;
  /** Chooses the victim: 0 up to 1, of however many there are. */
  readonly victim: number;
  readonly lastsMs: number;
  /** Peace before it. */
  readonly afterMs: number;
}

export const isFaultName = (name: string): name is FaultName => Object.hasOwn(FAULTS, name);

/** The schedule of a seed, without end: rounds of all faults, each round in another order. */
export function* planOf(seed: number, only: readonly FaultName[] = []): Generator<PlannedFault> {
  const random = new Random(seed);
  const names = (Object.keys(FAULTS) as FaultName[]).filter((name) => only.length === 0 || only.includes(name));
  for (;;) {
    const round = names.flatMap((name) => Array.from({ length: FAULTS[name].times }, () => name));
    for (const name of random.shuffled(round)) {
      const [least, most] = FAULTS[name].seconds;
      yield {
        name,
        victim: random.next(),
        lastsMs: random.between(least * 1000, most * 1000),
        afterMs: random.between(2_000, 8_000),
      };
    }
  }
}
