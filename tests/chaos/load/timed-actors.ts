import { setTimeout as sleep } from "node:timers/promises";
import type { ChaosClient } from "./actors.js";
import { Unanswered } from "./http.js";

/** Creates a run whose end somebody else is told of. */
export async function hooked(client: ChaosClient): Promise<void> {
  const thread = await client.thread();
  const order = { steps: client.random.between(1, 5), ms: client.random.between(0, 300) };
  const run = await client.create(thread, { ...order, webhook: client.hookUrl });
  if (run !== null) client.history.add({ kind: "hooked", run });
}

/** Rarely enough that a scheduler under load is not late by a whole period. */
const CRON_EVERY_MS = 10_000;
const CRON_LIVES_MS = 45_000;
const LOOK_EVERY_MS = 500;

/** Lets a cron fire for a while. */
export async function cronKeeper(client: ChaosClient): Promise<void> {
  const cron = await createCron(client);
  if (cron === null) return;
  const from = Date.now();
  while (Date.now() < from + CRON_LIVES_MS && client.working()) await sleep(LOOK_EVERY_MS);
  const until = Date.now();
  await client.http.surely("PATCH", `/runs/crons/${cron}`, { enabled: false }, client.going);
  client.history.add({ kind: "cron", cron, everyMs: CRON_EVERY_MS, from, until });
}

/** @returns its id; null when it was not made. */
async function createCron(client: ChaosClient): Promise<string | null> {
  const metadata = { cron_mark: client.mark() };
  const body = {
    assistant_id: "counter",
    schedule: `*/${CRON_EVERY_MS / 1000} * * * * *`,
    input: { log: [], steps: 2, ms: 100 },
    on_run_completed: "keep",
    metadata,
  };
  try {
    const { status, body: cron } = await client.http.once("POST", "/runs/crons", body);
    if (status !== 200) throw new Error(`a good cron was refused: ${status} ${JSON.stringify(cron)}`);
    return (cron as { cron_id: string }).cron_id;
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    const { body: found } = await client.http.surely("POST", "/runs/crons/search", { metadata }, client.going);
    return (found as { cron_id: string }[])[0]?.cron_id ?? null;
  }
}
