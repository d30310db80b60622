import { load } from "../load.mjs";
import { expectAnswer } from "./scenario.mjs";

const STEPS = 20;
const SECONDS = 30;

const COUNTS = [
  { concurrency: 1, count: 100, quick: 5 },
  { concurrency: 8, count: 200, quick: 16 },
];

/**
 * A run whose steps do nothing, on a thread that is there already: what it costs to save them.
 * @param {import("./scenario.mjs").Size} size
 * @returns {import("./scenario.mjs").Scenario[]}
 */
export const stepsScenarios = ({ quick }) =>
  COUNTS.map(({ concurrency, ...counts }) => {
    const count = quick ? counts.quick : counts.count;
    return {
      name: `steps-${concurrency}`,
      title: `/threads/{id}/runs/wait, ${STEPS} steps that do nothing, ${concurrency} at once`,
      seconds: SECONDS,
      prepare: async (client) => {
        /** @type {string[]} */
        const threads = [];
        await load({ count, concurrency: 8, stopAt: Number.POSITIVE_INFINITY }, async () => {
          threads.push((await client.post("/threads", {})).thread_id);
        });
        return threads;
      },
      run: async (client, stopAt, /** @type {string[]} */ threads) => {
        /** @type {number[]} */
        const answer = [];
        const outcome = await load({ count, concurrency, stopAt }, async (index) => {
          const startedAt = performance.now();
          const state = await client.post(`/threads/${threads[index]}/runs/wait`, {
            assistant_id: "steps",
            input: { count: 0 },
          });
          answer.push(performance.now() - startedAt);
          expectAnswer(state?.count === STEPS, `${state?.count} steps instead of ${STEPS}`);
        });
        return { ...outcome, series: { answer } };
      },
    };
  });
