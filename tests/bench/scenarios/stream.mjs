import { load } from "../load.mjs";
import { expectAnswer } from "./scenario.mjs";

const TOKENS = 50;
/** About the pace of a fast model: the server has something to keep up with. */
const TOKEN_MS = 10;

const COUNTS = [
  { concurrency: 1, count: 10, quick: 3 },
  { concurrency: 8, count: 48, quick: 8 },
  { concurrency: 32, count: 128, quick: 32 },
];

const TEXT = Array.from({ length: TOKENS }, (_, index) => `t${index} `).join("");

/**
 * A stream of 50 tokens: first event, first token, last event, and how long the stream stays open after it.
 * @param {import("./scenario.mjs").Size} size
 * @returns {import("./scenario.mjs").Scenario[]}
 */
export const streamScenarios = ({ quick }) =>
  COUNTS.map(({ concurrency, ...counts }) => ({
    name: `stream-${concurrency}`,
    title: `POST /runs/stream, ${TOKENS} tokens ${TOKEN_MS} ms apart, ${concurrency} at once`,
    seconds: 45,
    run: async (client, stopAt) => {
      /** @type {Record<"first event" | "first token" | "last event" | "end lag", number[]>} */
      const series = { "first event": [], "first token": [], "last event": [], "end lag": [] };
      const count = quick ? counts.quick : counts.count;

      const outcome = await load({ count, concurrency, stopAt }, async () => {
        const times = await readStream(client);
        series["first event"].push(times.firstEvent);
        series["first token"].push(times.firstToken);
        series["last event"].push(times.lastEvent);
        series["end lag"].push(times.end - times.lastEvent);
      });
      return { ...outcome, series };
    },
  }));

/** All times in milliseconds since the request. @param {import("../http-client.mjs").Client} client */
async function readStream(client) {
  const startedAt = performance.now();
  const times = { firstEvent: Number.NaN, firstToken: Number.NaN, lastEvent: Number.NaN, end: Number.NaN };
  let text = "";

  const body = { assistant_id: "tokens", stream_mode: "messages-tuple", input: { count: TOKENS, ms: TOKEN_MS } };
  await client.stream("/runs/stream", body, ({ event, data }) => {
    times.lastEvent = performance.now() - startedAt;
    if (Number.isNaN(times.firstEvent)) times.firstEvent = times.lastEvent;
    if (event !== "messages") return;
    if (Number.isNaN(times.firstToken)) times.firstToken = times.lastEvent;
    const [message] = JSON.parse(data);
    text += message?.content ?? "";
  });
  times.end = performance.now() - startedAt;

  expectAnswer(text === TEXT, `the stream did not carry the ${TOKENS} tokens in order`);
  return times;
}
