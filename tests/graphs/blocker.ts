/**
 * Blocks the event loop of its process for `ms`: no timer, heartbeat or abort gets through.
 *
 * Custom events: `{ event: "blocking" }` before, `{ event: "blocked" }` after.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { END, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { z } from "zod";

/** Lets the event before the block reach the tape; once the loop is blocked nothing can. */
const FLUSH_MS = 100;

const BlockerState = new StateSchema({
  ms: z.number().min(0).max(600_000).default(1_000),
  blocked: z.boolean().default(false),
});

export const graph = new StateGraph(BlockerState)
  .addNode("block", async ({ ms }, config) => {
    config.writer?.({ event: "blocking" });
    await sleep(FLUSH_MS);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
    config.writer?.({ event: "blocked" });
    return { blocked: true };
  })
  .addEdge(START, "block")
  .addEdge("block", END)
  .compile();
