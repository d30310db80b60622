import { FAULTS, planOf, type PlannedFault } from "./plan.js";

const first = (count: number, seed: number): PlannedFault[] => {
  const plan = planOf(seed);
  return Array.from({ length: count }, () => plan.next().value);
};

describe("the schedule of faults", () => {
  test("is the same for the same seed, and another for another", () => {
    expect(first(50, 7)).toEqual(first(50, 7));
    expect(first(50, 7)).not.toEqual(first(50, 8));
  });

  test("has every fault in every round", () => {
    const size = Object.values(FAULTS).reduce((sum, { times }) => sum + times, 0);
    const names = first(size, 3).map(({ name }) => name);
    expect(new Set(names)).toEqual(new Set(Object.keys(FAULTS)));
  });

  test("can be bounded to some", () => {
    const { value } = planOf(1, ["kill api"]).next();
    expect(value).toMatchObject({ name: "kill api" });
  });
});
