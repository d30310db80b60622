import { Client } from "@langchain/langgraph-sdk";
import { getLogger } from "@langchain/langgraph-sdk/logging";
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";

// Made while modules load, and without a URL.
const client = new Client();

const State = Annotation.Root({ org: Annotation<string>, threads: Annotation<number>, hook: Annotation<string> });

export const graph = new StateGraph(State)
  .addNode("look", async (_state, config) => {
    const threads = await client.threads.count();
    getLogger().info("the graph counted", { threads });
    return { org: String(config.configurable?.["x-org"]), threads };
  })
  .addEdge(START, "look")
  .addEdge("look", END)
  .compile();
