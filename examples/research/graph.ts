/**
 * research: a planner, one researcher per topic in parallel, and a writer.
 *
 * The planner splits the question into topics. `Send` starts the researcher
 * subgraph once per topic, all at the same time. The writer streams a report
 * when every one of them is back.
 *
 * Input: `{ "messages": [{ "role": "user", "content": "tea" }] }`.
 * Stream with `stream_subgraphs: true` to see the researchers at work.
 */
import { HumanMessage, SystemMessage } from "@langchain/core/messages";
import {
  END,
  MessagesValue,
  Overwrite,
  Send,
  START,
  StateGraph,
  StateSchema,
  type LangGraphRunnableConfig,
} from "@langchain/langgraph";
import { z } from "zod";
import { chooseModel } from "../model/choose-model.js";
import { Findings, researcher, type Finding } from "./researcher.js";
import { planScript, reportScript } from "./script.js";

const TOPICS_MAX = 5;

const ResearchState = new StateSchema({
  messages: MessagesValue,
  topics: z.array(z.string()).default(() => []),
  findings: Findings,
});

type State = typeof ResearchState.State;

async function plan({ messages }: State, config: LangGraphRunnableConfig) {
  const question = messages.findLast((message) => HumanMessage.isInstance(message))?.text ?? "everything";
  const model = await chooseModel(planScript);

  const answer = await model.invoke(
    [new SystemMessage("Split the question into three topics, one per line."), new HumanMessage(question)],
    config,
  );

  const topics = answer.text.split("\n").map((line) => line.trim());
  // Findings of an earlier question on this thread must not slip into this report.
  return {
    topics: topics.filter((topic) => topic !== "").slice(0, TOPICS_MAX),
    findings: new Overwrite<Finding[]>([]),
  };
}

const eachTopic = ({ topics }: State) => topics.map((topic) => new Send("researcher", { topic }));

async function write({ topics, findings }: State, config: LangGraphRunnableConfig) {
  const model = await chooseModel(reportScript);
  const notes = findings
    .toSorted((a, b) => topics.indexOf(a.topic) - topics.indexOf(b.topic))
    .map(({ note }) => `- ${note}`);

  const report = await model.invoke(
    [new SystemMessage("Write a short report from these notes."), new HumanMessage(notes.join("\n"))],
    config,
  );

  return { messages: [report] };
}

export const graph = new StateGraph(ResearchState)
  .addNode("plan", plan)
  .addNode("researcher", researcher)
  .addNode("write", write)
  .addEdge(START, "plan")
  .addConditionalEdges("plan", eachTopic, ["researcher"])
  .addEdge("researcher", "write")
  .addEdge("write", END)
  .compile();
