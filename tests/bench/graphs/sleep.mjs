/** Sleeps `ms` and notes when it woke up, so that a client can tell how late it heard of it. */
import { setTimeout as sleep } from "node:timers/promises";
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";

const SleepState = Annotation.Root({
  ms: /** @type {typeof Annotation<number>} */ (Annotation)(),
  ended_at: /** @type {typeof Annotation<number>} */ (Annotation)(),
});

export const graph = new StateGraph(SleepState)
  .addNode("sleep", async ({ ms }) => {
    await sleep(ms);
    return { ended_at: Date.now() };
  })
  .addEdge(START, "sleep")
  .addEdge("sleep", END)
  .compile();
