/** Puts the secret it is given everywhere a graph can put something. */
import { Annotation, END, interrupt, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  secret: Annotation<string>,
  mode: Annotation<"ask" | "fail" | "rest">,
  heard: Annotation<string>,
});

export const graph = new StateGraph(State)
  .addNode("tell", async ({ secret }, runtime) => {
    runtime.writer?.({ told: secret });
    await runtime.store?.put(["notes"], "last", { note: secret, kind: "plain" });
    return { heard: `heard ${secret}` };
  })
  .addNode("end", ({ secret, mode }) => {
    if (mode === "fail") throw new TypeError(`no way to ${secret}`);
    return mode === "ask" ? { heard: `answered ${String(interrupt({ question: secret }))}` } : {};
  })
  .addEdge(START, "tell")
  .addEdge("tell", "end")
  .addEdge("end", END)
  .compile();
