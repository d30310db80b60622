/**
 * Asks each of `questions` by an interrupt, all of them at once.
 *
 * Resume one by its value, several by a map from interrupt id to value.
 * `before` and `after` are plain nodes, for static interrupts; `visited` tells
 * how often each node ran to its end.
 */
import { END, interrupt, ReducedValue, Send, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { z } from "zod";

const AnswerSchema = z.object({ question: z.string(), answer: z.unknown() });
type Answer = z.infer<typeof AnswerSchema>;

const InterruptingState = new StateSchema({
  questions: z.array(z.string()).default(() => ["Go on?"]),
  question: z.string().optional(),
  answers: new ReducedValue(
    z.array(AnswerSchema).default(() => []),
    { inputSchema: z.array(AnswerSchema), reducer: (left: Answer[], right: Answer[]) => [...left, ...right] },
  ),
  visited: new ReducedValue(
    z.array(z.string()).default(() => []),
    { inputSchema: z.array(z.string()), reducer: (left: string[], right: string[]) => [...left, ...right] },
  ),
});

type State = typeof InterruptingState.State;

const askAll = ({ questions }: State) =>
  questions.length === 0 ? "after" : questions.map((question) => new Send("ask", { question }));

export const graph = new StateGraph(InterruptingState)
  .addNode("before", () => ({ visited: ["before"] }))
  .addNode("ask", ({ question = "" }) => {
    const answer = interrupt<{ question: string }, unknown>({ question });
    return { answers: [{ question, answer }], visited: ["ask"] };
  })
  .addNode("after", () => ({ visited: ["after"] }))
  .addEdge(START, "before")
  .addConditionalEdges("before", askAll, ["ask", "after"])
  .addEdge("ask", "after")
  .addEdge("after", END)
  .compile();
