import { AIMessage, AIMessageChunk, HumanMessage, type BaseMessage } from "@langchain/core/messages";
import { Command, InMemoryStore, isInterrupted, MemorySaver } from "@langchain/langgraph";
import { graph } from "./graph.js";

// The tests are about the script: no key may switch them to a provider.
delete process.env.OPENAI_API_KEY;
delete process.env.ANTHROPIC_API_KEY;
process.env.SCRIPTED_TOKEN_MS = "0";

let threads = 0;

/** A server's view of the graph: its own checkpointer and store, and one thread of one user. */
function open(user = "ada", store = new InMemoryStore()) {
  graph.checkpointer = new MemorySaver();
  graph.store = store;
  threads += 1;
  const config = { configurable: { thread_id: `thread-${threads}`, user_id: user } };

  const say = async (text: string) => graph.invoke({ messages: [new HumanMessage(text)] }, config);
  const resume = async (value: unknown) => graph.invoke(new Command({ resume: value }), config);
  const outbox = async () => (await store.search(["outbox", user])).map(({ value }) => value);
  return { config, store, say, resume, outbox };
}

const lastText = ({ messages }: { messages: BaseMessage[] }) => messages.at(-1)?.text;
const kinds = ({ messages }: { messages: BaseMessage[] }) => messages.map((message) => message.type);

describe("the agent", () => {
  test("answers a plain question without a tool", async () => {
    const { say } = open();

    const state = await say("How are you?");

    expect(kinds(state)).toEqual(["human", "ai"]);
    expect(lastText(state)).toContain('You said: "How are you?". I know nothing about you yet.');
  });

  test("calls a tool and answers with its result", async () => {
    const { say } = open();

    const state = await say("What is the weather in Paris?");

    expect(kinds(state)).toEqual(["human", "ai", "tool", "ai"]);
    const call = state.messages[1];
    expect(AIMessage.isInstance(call) && call.tool_calls).toMatchObject([
      { name: "get_weather", args: { city: "Paris" } },
    ]);
    expect(lastText(state)).toMatch(/^It is \w+ in Paris, \d+ °C\.$/);
  });

  test("remembers in another thread of the same user, and not for others", async () => {
    const first = open("ada");
    await first.say("Please remember that I like green tea.");

    const same = await open("ada", first.store).say("Hello");
    const other = await open("bob", first.store).say("Hello");

    expect(lastText(same)).toContain("I remember: I like green tea.");
    expect(lastText(other)).toContain("I know nothing about you yet.");
  });

  test("keeps a user whose name holds dots apart", async () => {
    const first = open("ada.lovelace@example.com");
    await first.say("Remember that I like engines");

    const same = await open("ada.lovelace@example.com", first.store).say("Hello");

    expect(lastText(same)).toContain("I remember: I like engines.");
  });

  test("streams its answer word by word", async () => {
    const { config } = open();
    const tokens: string[] = [];

    const stream = await graph.stream(
      { messages: [new HumanMessage("Hi")] },
      { ...config, streamMode: "messages" as const },
    );
    for await (const [message] of stream) {
      if (AIMessageChunk.isInstance(message)) tokens.push(message.text);
    }

    expect(tokens.length).toBeGreaterThan(5);
    expect(tokens.join("")).toMatch(/^You said: "Hi"\..*send an email\.$/);
  });
});

describe("the approval of an email", () => {
  const ask = "Send an email to bob@example.com saying see you at noon";

  test("pauses the run before anything is sent", async () => {
    const { say, outbox } = open();

    const state = await say(ask);

    expect(isInterrupted(state) && state.__interrupt__).toMatchObject([
      {
        value: {
          action_requests: [{ name: "send_email", args: { to: "bob@example.com", text: "see you at noon" } }],
          review_configs: [{ action_name: "send_email", allowed_decisions: ["approve", "edit", "reject"] }],
        },
      },
    ]);
    expect(await outbox()).toEqual([]);
  });

  test.each([["approve"], [{ type: "approve" }], [{ decisions: [{ type: "approve" }] }]])(
    "sends once after %j",
    async (answer) => {
      const { say, resume, outbox } = open();
      await say(ask);

      const state = await resume(answer);

      expect(lastText(state)).toBe('The email to bob@example.com was sent: "see you at noon"');
      expect(await outbox()).toEqual([{ to: "bob@example.com", text: "see you at noon" }]);
    },
  );

  test("sends what the person made of it", async () => {
    const { say, resume, outbox } = open();
    await say(ask);

    const state = await resume({ type: "edit", args: { text: "see you at one" } });

    expect(lastText(state)).toBe('The email to bob@example.com was sent: "see you at one"');
    expect(await outbox()).toEqual([{ to: "bob@example.com", text: "see you at one" }]);
  });

  test("sends nothing when the person says no", async () => {
    const { say, resume, outbox } = open();
    await say(ask);

    const state = await resume({ type: "reject", message: "too early" });

    expect(lastText(state)).toBe("The email to bob@example.com was not sent: too early.");
    expect(await outbox()).toEqual([]);
  });

  test("asks again when the answer is not a decision", async () => {
    const { say, resume, outbox } = open();
    await say(ask);

    const unclear = await resume("hm");
    expect(isInterrupted(unclear)).toBe(true);
    expect(await outbox()).toEqual([]);

    await resume("approve");
    expect(await outbox()).toHaveLength(1);
  });

  test("does not hold up or repeat the tools beside it", async () => {
    const { config, say, resume } = open();

    await say("Remember that I like noon. Send an email to bob@example.com saying hi");
    const paused = await graph.getState(config);
    expect(paused.tasks.map((task) => task.interrupts.length)).toEqual([0, 1]);

    const state = await resume("approve");
    expect(kinds(state)).toEqual(["human", "ai", "tool", "tool", "ai"]);
    expect(lastText(state)).toBe('I will remember that I like noon. The email to bob@example.com was sent: "hi"');
  });
});
