import { Annotation, END, START, StateGraph } from "@langchain/langgraph";

const State = Annotation.Root({ seen: Annotation<string> });

/** Tells, in the state, what it was asked for. */
export async function make(
  config: { configurable?: Record<string, unknown> },
  runtime: { accessContext: string; executionRuntime: { context: unknown } | null },
) {
  const seen = JSON.stringify([config.configurable?.["model"], runtime.accessContext, runtime.executionRuntime]);
  return await Promise.resolve(
    new StateGraph(State)
      .addNode("work", () => ({ seen }))
      .addEdge(START, "work")
      .addEdge("work", END),
  );
}
