import { burstScenario, joinersScenario, sleepersScenario } from "./background.mjs";
import { threadWaitScenarios, waitScenarios } from "./echo.mjs";
import { stepsScenarios } from "./steps.mjs";
import { streamScenarios } from "./stream.mjs";

/**
 * All scenarios, in the order they are run.
 * @param {import("./scenario.mjs").Size} size
 */
export const allScenarios = (size) => [
  ...waitScenarios(size),
  ...threadWaitScenarios(size),
  ...stepsScenarios(size),
  ...streamScenarios(size),
  burstScenario(size),
  sleepersScenario(size),
  joinersScenario(size),
];

/**
 * The scenarios whose names are picked. A name picks itself and its sizes: `wait` picks `wait-1`, `wait-8`, ….
 * @param {import("./scenario.mjs").Scenario[]} scenarios
 * @param {readonly string[]} names none picks all
 * @throws {Error} when a name picks nothing
 */
export function pickScenarios(scenarios, names) {
  if (names.length === 0) return scenarios;
  const picks = (/** @type {string} */ name, /** @type {string} */ scenario) =>
    scenario === name || (scenario.startsWith(`${name}-`) && /^\d+$/.test(scenario.slice(name.length + 1)));

  const unknown = names.find((name) => !scenarios.some((scenario) => picks(name, scenario.name)));
  if (unknown !== undefined) {
    const known = scenarios.map((scenario) => scenario.name).join(", ");
    throw new Error(`There is no scenario "${unknown}". Known: ${known}`);
  }
  return scenarios.filter((scenario) => names.some((name) => picks(name, scenario.name)));
}
