import { setTimeout as sleep } from "node:timers/promises";
import { load } from "../load.mjs";
import { expectAnswer } from "./scenario.mjs";

/** How many creating requests, and how many pollers, are under way at once. */
const CONCURRENCY = 16;
const POLL_MS = 50;

/** @typedef {import("./scenario.mjs").Scenario} Scenario */
/** @typedef {import("./scenario.mjs").Size} Size */

/**
 * Background runs, each on its own thread, as fast as they are accepted; then until every one has succeeded.
 *
 * The runs are polled in the order they were created, so nearly every poll
 * finds a finished run and the polling costs about one request per run.
 * @param {Size} size
 * @returns {Scenario}
 */
export function burstScenario({ quick }) {
  const count = quick ? 100 : 1_000;
  return {
    name: "burst",
    title: `${count} background runs, echo, until all succeed`,
    seconds: 90,
    prepare: async (client) => {
      /** @type {string[]} */
      const threads = [];
      const limits = { count, concurrency: CONCURRENCY, stopAt: Number.POSITIVE_INFINITY };
      await load(limits, async () => {
        threads.push((await client.post("/threads", {})).thread_id);
      });
      return threads;
    },
    run: async (client, stopAt, /** @type {string[]} */ threads) => {
      const startedAt = performance.now();
      /** @type {number[]} */
      const accepted = [];
      /** @type {{ threadId: string, runId: string }[]} */
      const runs = [];

      const created = await load({ count, concurrency: CONCURRENCY, stopAt }, async (index) => {
        const threadId = threads[index];
        if (threadId === undefined) throw new Error("the thread of this run could not be created");
        const sentAt = performance.now();
        const run = await client.post(`/threads/${threadId}/runs`, {
          assistant_id: "echo",
          input: { messages: [{ role: "user", content: `hello ${index}` }] },
        });
        accepted.push(performance.now() - sentAt);
        runs.push({ threadId, runId: run.run_id });
      });

      const finished = await load({ count: runs.length, concurrency: CONCURRENCY, stopAt }, async (index) => {
        const run = runs[index];
        if (run !== undefined) await untilSuccess(client, run, stopAt);
      });

      return {
        done: finished.done,
        errors: merge(created.errors, finished.errors),
        seconds: (performance.now() - startedAt) / 1000,
        series: { accepted },
      };
    },
  };
}

/**
 * @param {import("../http-client.mjs").Client} client
 * @param {{ threadId: string, runId: string }} run
 * @param {number} stopAt
 */
async function untilSuccess(client, { threadId, runId }, stopAt) {
  for (;;) {
    const { status } = await client.get(`/threads/${threadId}/runs/${runId}`);
    if (status === "success") return;
    expectAnswer(status === "pending" || status === "running", `a run ended as ${status}`);
    expectAnswer(performance.now() < stopAt, "a run did not end in time");
    await sleep(POLL_MS);
  }
}

/** @param {Record<string, number>} left @param {Record<string, number>} right */
function merge(left, right) {
  const sum = { ...left };
  for (const [message, count] of Object.entries(right)) sum[message] = (sum[message] ?? 0) + count;
  return sum;
}

/**
 * Runs that only wait, all at once: how well a server uses its slots when the graph is idle.
 * @param {Size} size
 * @returns {Scenario}
 */
export function sleepersScenario({ quick }) {
  const count = quick ? 40 : 500;
  return {
    name: "sleepers",
    title: `${count} runs that sleep 1 s, all at once`,
    seconds: 120,
    run: async (client, stopAt) => {
      /** @type {number[]} */
      const answer = [];
      const outcome = await load({ count, concurrency: count, stopAt }, async () => {
        const startedAt = performance.now();
        const state = await client.post("/runs/wait", { assistant_id: "sleep", input: { ms: 1_000 } });
        expectAnswer(typeof state?.ended_at === "number", "the sleeper did not sleep");
        answer.push(performance.now() - startedAt);
      });
      return { ...outcome, series: { answer } };
    },
  };
}

/**
 * Many clients wait for the same run: how soon after its end does each of them know.
 *
 * A joiner whose request went out after the end is measured from its request.
 * @param {Size} size
 * @returns {Scenario}
 */
export function joinersScenario({ quick }) {
  const count = quick ? 100 : 1_000;
  const runMs = quick ? 2_000 : 6_000;
  return {
    name: "joiners",
    title: `${count} joiners of one run: time from the run's end to the answer`,
    seconds: 60,
    run: async (client, stopAt) => {
      const { thread_id: threadId } = await client.post("/threads", {});
      const { run_id: runId } = await client.post(`/threads/${threadId}/runs`, {
        assistant_id: "sleep",
        input: { ms: runMs },
      });

      /** @type {number[]} */
      const lag = [];
      const outcome = await load({ count, concurrency: count, stopAt }, async () => {
        const sentAt = Date.now();
        const state = await client.get(`/threads/${threadId}/runs/${runId}/join`);
        expectAnswer(typeof state?.ended_at === "number", "the joiner did not get the run's values");
        lag.push(Date.now() - Math.max(sentAt, state.ended_at));
      });
      // The run's own sleep is most of the time, so requests per second would say nothing.
      return { ...outcome, seconds: null, series: { "end lag": lag } };
    },
  };
}
