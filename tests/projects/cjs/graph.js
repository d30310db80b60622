const { Annotation, END, interrupt, START, StateGraph } = require("@langchain/langgraph");

const State = Annotation.Root({ text: Annotation() });

const graph = new StateGraph(State)
  .addNode("work", (state) => ({ text: `${state.text} from CommonJS, ${interrupt("who?")}` }))
  .addEdge(START, "work")
  .addEdge("work", END)
  .compile();

module.exports = Object.assign({}, { graph });
