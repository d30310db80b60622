/**
 * A parent graph with a child graph as one of its nodes.
 *
 * `path` collects the nodes that ran. Events of the child come under the
 * namespace `child_graph:<task id>`. With `ask: true` the child pauses on an
 * interrupt between its two nodes, and the answer is added to `path`.
 */
import { END, interrupt, ReducedValue, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { z } from "zod";

const ChildState = new StateSchema({
  ask: z.boolean().default(false),
  path: new ReducedValue(
    z.array(z.string()).default(() => []),
    // The child hands its whole path back, with the parent's part in it: add only what is new.
    {
      inputSchema: z.array(z.string()),
      reducer: (left: string[], right: string[]) => [...new Set([...left, ...right])],
    },
  ),
});

const child = new StateGraph(ChildState)
  .addNode("child_one", () => ({ path: ["child_one"] }))
  .addNode("child_two", ({ ask }) => {
    const answer = ask ? [`answer: ${String(interrupt<string, unknown>("What now?"))}`] : [];
    return { path: [...answer, "child_two"] };
  })
  .addEdge(START, "child_one")
  .addEdge("child_one", "child_two")
  .addEdge("child_two", END)
  .compile();

export const graph = new StateGraph(ChildState)
  .addNode("parent_start", () => ({ path: ["parent_start"] }))
  .addNode("child_graph", child)
  .addNode("parent_end", () => ({ path: ["parent_end"] }))
  .addEdge(START, "parent_start")
  .addEdge("parent_start", "child_graph")
  .addEdge("child_graph", "parent_end")
  .addEdge("parent_end", END)
  .compile();
