import type { Ring, RingConsumer } from "@graphfleet/domain";
import { type Job, Worker } from "bullmq";
import { messageOf } from "@graphfleet/domain";

import type { Client } from "./client.js";
import type { RedisLink } from "./connection.js";
import { type Bell, queuePrefix, type RingData } from "./run-queue.js";

export interface ConsumeOptions {
  /** Which bell to listen to; default "runs". */
  readonly bell?: Bell;
  readonly concurrency: number;
  readonly handle: (ring: Ring) => Promise<void>;
}

/**
 * A ring is held until its handler is done, because that is how BullMQ limits concurrency. Its lock and its stalled
 * check decide nothing: a ring that is heard twice finds nothing to claim the second time.
 */
const LOCK_MS = 30_000;
const STALLED_CHECK_MS = 15_000;
/** Never give up on a ring because workers died with it. */
const MAX_STALLED = 1_000_000;
const RETRY_MS = 1000;
const ERROR_LOG_EVERY_MS = 10_000;
/** With the handlers done, what is left to close is connections. */
const CLOSE_MS = 3000;

/**
 * Hears rings, at most `concurrency` at a time. A Redis that is away or was emptied does not stop it: it reconnects and
 * goes on. What a handler throws is logged.
 */
export function consumeRings(link: RedisLink, { bell = "runs", concurrency, handle }: ConsumeOptions): RingConsumer {
  const inFlight = new Set<Promise<void>>();
  const connections: Client[] = [];
  const connection = connect(false);

  const worker = new Worker<RingData>(bell, hear, {
    connection,
    prefix: queuePrefix(link),
    concurrency,
    lockDuration: LOCK_MS,
    stalledInterval: STALLED_CHECK_MS,
    maxStalledCount: MAX_STALLED,
    runRetryDelay: RETRY_MS,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  worker.on(
    "error",
    sparingly((error) => link.log.warn({ reason: messageOf(error) }, "trouble hearing rings")),
  );

  /** BullMQ blocks on a duplicate. It forgets to close that one when Redis is away, so it is ours as well. */
  function connect(blocks: boolean): Client {
    const redis = link.connectPatiently(`${bell}-${blocks ? "ears" : "ears-control"}`, { blocks });
    // Its two kinds have two signatures; BullMQ calls it without arguments that matter.
    Object.assign(redis, { duplicate: () => connect(true) });
    connections.push(redis);
    return redis;
  }

  async function hear(job: Job<RingData>): Promise<void> {
    const { runId, threadId, fence } = job.data;
    const handled = handle({ runId, threadId, fence }).catch((error: unknown) => {
      link.log.error({ err: error, run_id: runId, thread_id: threadId }, "a ring was not handled");
    });
    inFlight.add(handled);
    await handled;
    inFlight.delete(handled);
  }

  async function close(): Promise<void> {
    const closed = worker
      .close()
      .catch((error: unknown) => link.log.debug({ reason: messageOf(error) }, "worker did not close"));
    while (inFlight.size > 0) await Promise.all(inFlight);
    // Without Redis BullMQ would wait for it. Nothing is lost: a ring that was not ticked off is heard once more.
    if (connection.status === "ready") await Promise.race([closed, waited(CLOSE_MS)]);
    await Promise.all(connections.map((redis) => link.release(redis)));
    await Promise.race([closed, waited(CLOSE_MS)]);
  }

  let closing: Promise<void> | undefined;
  return { close: () => (closing ??= close()) };
}

/** Passes on the first error and then at most one per period: without Redis there is one per try. */
function sparingly(report: (error: Error) => void): (error: Error) => void {
  let quietUntil = 0;
  return (error) => {
    if (Date.now() < quietUntil) return;
    quietUntil = Date.now() + ERROR_LOG_EVERY_MS;
    report(error);
  };
}

function waited(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
