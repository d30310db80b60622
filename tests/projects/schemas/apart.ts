import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { z } from "zod";

const Input = Annotation.Root({ question: Annotation<string>() });
const Output = Annotation.Root({ answer: Annotation<string>() });
const State = Annotation.Root({ ...Input.spec, ...Output.spec, steps: Annotation<number>() });

export const graph = new StateGraph({ stateSchema: State, input: Input, output: Output })
  .addNode("reply", ({ question }) => ({ answer: question, steps: 1 }))
  .addEdge(START, "reply")
  .compile();

const ZodState = z.object({ question: z.string(), answer: z.string(), steps: z.number() });

export const zod = new StateGraph({
  state: ZodState,
  input: ZodState.pick({ question: true }),
  output: ZodState.pick({ answer: true }),
  context: z.object({ tone: z.string() }),
})
  .addNode("reply", ({ question }) => ({ answer: question, steps: 1 }))
  .addEdge(START, "reply")
  .compile();
