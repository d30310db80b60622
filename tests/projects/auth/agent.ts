/** Remembers what it was told, and says for whom it runs. */
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({
  secret: Annotation<string>,
  user: Annotation<string>,
  runtimeUser: Annotation<string>,
  permissions: Annotation<string[]>,
});

export const graph = new StateGraph(State)
  .addNode("look", (_state, runtime) => ({
    user: String(runtime.configurable?.["langgraph_auth_user_id"]),
    runtimeUser: String(runtime.serverInfo?.user?.["identity"]),
    permissions: runtime.configurable?.["langgraph_auth_permissions"] as string[],
  }))
  .addEdge(START, "look")
  .addEdge("look", END)
  .compile();
