import { HumanMessage, SystemMessage } from "@langchain/core/messages";
import { END, ReducedValue, START, StateGraph, StateSchema, type LangGraphRunnableConfig } from "@langchain/langgraph";
import { z } from "zod";
import { chooseModel } from "../model/choose-model.js";
import { noteScript } from "./script.js";

const FindingSchema = z.object({ topic: z.string(), note: z.string() });
export type Finding = z.infer<typeof FindingSchema>;

/** A list that parallel tasks add to; the report sorts it, because they finish in any order. */
export const Findings = new ReducedValue(
  z.array(FindingSchema).default(() => []),
  { inputSchema: z.array(FindingSchema), reducer: (left: Finding[], right: Finding[]) => [...left, ...right] },
);

const ResearcherState = new StateSchema({
  topic: z.string(),
  sources: z.array(z.string()).default(() => []),
  findings: Findings,
});

type State = typeof ResearcherState.State;

/** Stands for a search: it finds three sources for every topic, and tells the `custom` stream. */
function gather({ topic }: State, config: LangGraphRunnableConfig) {
  const sources = ["archive", "library", "web"].map((place) => `${place}: ${topic}`);
  config.writer?.({ topic, sources: sources.length });
  return { sources };
}

async function takeNotes({ topic, sources }: State, config: LangGraphRunnableConfig) {
  const model = await chooseModel(noteScript);

  const note = await model.invoke(
    [
      new SystemMessage(`Sum up what is known about the topic in one sentence. Sources:\n${sources.join("\n")}`),
      new HumanMessage(topic),
    ],
    config,
  );

  return { findings: [{ topic, note: note.text }] };
}

/** Studies one topic. Its steps show as a subgraph: ask the stream for subgraphs to see them. */
export const researcher = new StateGraph(ResearcherState)
  .addNode("gather", gather)
  .addNode("take_notes", takeNotes)
  .addEdge(START, "gather")
  .addEdge("gather", "take_notes")
  .addEdge("take_notes", END)
  .compile();
