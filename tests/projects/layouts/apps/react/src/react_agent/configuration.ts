import { Annotation } from "@langchain/langgraph";
import type { RunnableConfig } from "@langchain/core/runnables";

export const ConfigurationSchema = Annotation.Root({
  /** How the agent speaks. */
  systemPromptTemplate: Annotation<string>,
  model: Annotation<string>,
});

export function ensureConfiguration(config: RunnableConfig): typeof ConfigurationSchema.State {
  const configurable = config.configurable ?? {};
  return {
    systemPromptTemplate: (configurable["systemPromptTemplate"] as string | undefined) ?? "You are helpful.",
    model: (configurable["model"] as string | undefined) ?? "rehearsed/small",
  };
}
