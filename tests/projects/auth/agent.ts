/** Remembers what it was told, and says for whom it runs; on request only after a question, or after its worker died. */
import { execFileSync } from "node:child_process";
import { Annotation, END, interrupt, type LangGraphRunnableConfig, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  secret: Annotation<string>,
  asks: Annotation<boolean>,
  crashes: Annotation<boolean>,
  user: Annotation<string>,
  runtimeUser: Annotation<string>,
  permissions: Annotation<string[]>,
});

export const graph = new StateGraph(State)
  .addNode("look", ({ asks, crashes }, runtime) => {
    const { metadata }: LangGraphRunnableConfig = runtime;
    if (asks) interrupt("May I?");
    if (crashes && Number(metadata?.["run_attempt"] ?? 1) === 1) execFileSync("kill", ["-KILL", String(process.pid)]);
    return {
      user: String(runtime.configurable?.["langgraph_auth_user_id"]),
      runtimeUser: String(runtime.serverInfo?.user?.["identity"]),
      permissions: runtime.configurable?.["langgraph_auth_permissions"] as string[],
    };
  })
  .addEdge(START, "look")
  .addEdge("look", END)
  .compile();
