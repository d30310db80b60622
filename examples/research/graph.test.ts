import { AIMessageChunk, HumanMessage } from "@langchain/core/messages";
import { MemorySaver } from "@langchain/langgraph";
import { graph } from "./graph.js";

delete process.env.OPENAI_API_KEY;
delete process.env.ANTHROPIC_API_KEY;
process.env.SCRIPTED_TOKEN_MS = "0";

const TOPICS = ["tea: history", "tea: present", "tea: future"];
const ask = (text: string) => ({ messages: [new HumanMessage(text)] });

describe("research", () => {
  beforeEach(() => {
    graph.checkpointer = new MemorySaver();
  });

  test("studies every topic once and reports in the planned order", async () => {
    const state = await graph.invoke(ask("tea"), { configurable: { thread_id: "one" } });

    expect(state.topics).toEqual(TOPICS);
    expect(state.findings.map(({ topic }) => topic).toSorted()).toEqual(TOPICS.toSorted());
    const notes = state.messages.at(-1)?.text.split("\n").slice(1, -1);
    expect(notes).toEqual(TOPICS.map((topic) => expect.stringContaining(`On "${topic}"`)));
  });

  test("forgets the findings of an earlier question", async () => {
    const config = { configurable: { thread_id: "two" } };

    await graph.invoke(ask("coffee"), config);
    const state = await graph.invoke(ask("tea"), config);

    expect(state.findings.map(({ topic }) => topic).toSorted()).toEqual(TOPICS.toSorted());
  });

  test("runs one subgraph per topic and streams tokens of all of them", async () => {
    const researchers = new Set<string>();
    let report = "";

    const stream = await graph.stream(ask("tea"), {
      configurable: { thread_id: "three" },
      streamMode: "messages" as const,
      subgraphs: true,
    });
    for await (const [namespace, [message, metadata]] of stream) {
      if (namespace[0]?.startsWith("researcher:")) researchers.add(namespace[0]);
      if (metadata.langgraph_node === "write" && AIMessageChunk.isInstance(message)) report += message.text;
    }

    expect(researchers.size).toBe(3);
    expect(report).toMatch(/^Here is what I found\.\n- On "tea: history"/);
  });
});
