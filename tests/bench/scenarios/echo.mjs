import { load } from "../load.mjs";
import { expectAnswer } from "./scenario.mjs";

/** Requests per concurrency: enough for a p95 that means something, few enough for a slow server. */
const COUNTS = [
  { concurrency: 1, count: 50, quick: 8 },
  { concurrency: 8, count: 200, quick: 24 },
  { concurrency: 32, count: 400, quick: 64 },
  { concurrency: 128, count: 800, quick: 128 },
];

const SECONDS = 45;

/**
 * `POST /runs/wait`: a stateless run, from request to final answer.
 * @param {import("./scenario.mjs").Size} size
 * @returns {import("./scenario.mjs").Scenario[]}
 */
export const waitScenarios = ({ quick }) =>
  COUNTS.map(({ concurrency, ...counts }) => ({
    name: `wait-${concurrency}`,
    title: `POST /runs/wait, echo, ${concurrency} at once`,
    seconds: SECONDS,
    run: async (client, stopAt) => {
      /** @type {number[]} */
      const answer = [];
      const count = quick ? counts.quick : counts.count;
      const outcome = await load({ count, concurrency, stopAt }, async (index) => {
        const startedAt = performance.now();
        await echo(client, "/runs/wait", `hello ${index}`);
        answer.push(performance.now() - startedAt);
      });
      return { ...outcome, series: { answer } };
    },
  }));

/**
 * A new thread and a run on it: what a chat costs that keeps its state.
 * @param {import("./scenario.mjs").Size} size
 * @returns {import("./scenario.mjs").Scenario[]}
 */
export const threadWaitScenarios = ({ quick }) =>
  COUNTS.map(({ concurrency, ...counts }) => ({
    name: `thread-wait-${concurrency}`,
    title: `POST /threads, then /threads/{id}/runs/wait, echo, ${concurrency} at once`,
    seconds: SECONDS,
    run: async (client, stopAt) => {
      /** @type {number[]} */
      const thread = [];
      /** @type {number[]} */
      const answer = [];
      const count = quick ? counts.quick : counts.count;
      const outcome = await load({ count, concurrency, stopAt }, async (index) => {
        const startedAt = performance.now();
        const { thread_id: threadId } = await client.post("/threads", {});
        const createdAt = performance.now();
        await echo(client, `/threads/${threadId}/runs/wait`, `hello ${index}`);
        thread.push(createdAt - startedAt);
        answer.push(performance.now() - startedAt);
      });
      return { ...outcome, series: { answer, thread } };
    },
  }));

/** @param {import("../http-client.mjs").Client} client @param {string} path @param {string} text */
async function echo(client, path, text) {
  const state = await client.post(path, {
    assistant_id: "echo",
    input: { messages: [{ role: "user", content: text }] },
  });
  const messages = state?.messages ?? [];
  expectAnswer(messages.length === 2 && messages[1]?.content === text, "the echo is not what was said");
}
