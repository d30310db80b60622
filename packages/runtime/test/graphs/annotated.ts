/** Graphs whose states only TypeScript knows, for the analysis of types. Nothing here is executed. */
import { type BaseMessage, HumanMessage } from "@langchain/core/messages";
import { Annotation, END, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";

interface Place {
  /** Where it is. */
  city: string;
  zip?: number;
  neighbours: Place[];
}

const State = Annotation.Root({
  ...MessagesAnnotation.spec,
  question: Annotation<string>,
  mood: Annotation<"good" | "bad">,
  answers: Annotation<string[]>({ reducer: (a, b) => [...a, ...b], default: () => [] }),
  place: Annotation<Place>,
  scores: Annotation<Record<string, number>>,
  when: Annotation<Date | null>,
  done: Annotation<boolean>,
  anything: Annotation<unknown>,
  last: Annotation<BaseMessage>,
});
const Input = Annotation.Root({ question: Annotation<string> });
const Output = Annotation.Root({ answers: Annotation<string[]> });
const Context = Annotation.Root({ model_name: Annotation<string> });

const builder = new StateGraph({ stateSchema: State, input: Input, output: Output }, Context)
  .addNode("work", () => ({ done: true, last: new HumanMessage("hi") }))
  .addEdge(START, "work")
  .addEdge("work", END);
export const graph = builder.compile();
export const make = (_config: object) => Promise.resolve(builder);
export const wrapped = { graph, invoke: () => 0 };
export const nothing = 5;

const Leaf = Annotation.Root({ leaf: Annotation<number> });
const leaf = new StateGraph(Leaf)
  .addNode("n", () => ({ leaf: 1 }))
  .addEdge(START, "n")
  .compile();
const Middle = Annotation.Root({ middle: Annotation<string> });
const middleBuilder = new StateGraph(Middle)
  .addNode("inner", async () => {
    const { leaf: count } = await leaf.invoke({ leaf: 1 });
    return { middle: String(count) };
  })
  .addNode("twin", leaf);
middleBuilder.addEdge(START, "inner");
const middle = middleBuilder.compile();
const Outer = Annotation.Root({ leaf: Annotation<number>, middle: Annotation<string> });
export const nested = new StateGraph(Outer)
  .addNode({ first: middle })
  .addNode([["second", leaf]])
  .addEdge(START, "first")
  .compile();
