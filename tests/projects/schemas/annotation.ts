import { Annotation, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";

interface Source {
  url: string;
  /** From 0 to 1. */
  score?: number;
}

const State = Annotation.Root({
  ...MessagesAnnotation.spec,
  kind: Annotation<"short" | "long">(),
  sources: Annotation<Source[], Source | Source[]>({ reducer: (old, added) => old.concat(added), default: () => [] }),
});

/** As the templates have it: settings that a caller may leave out. */
const Configuration = Annotation.Root({
  /** How the agent speaks. */
  systemPromptTemplate: Annotation<string>,
  retries: Annotation<number | undefined>,
});

export const graph = new StateGraph(State, Configuration)
  .addNode("look", (_state, config) => ({ sources: { url: config.configurable?.systemPromptTemplate ?? "" } }))
  .addEdge(START, "look")
  .compile();
