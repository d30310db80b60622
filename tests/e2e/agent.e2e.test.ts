import { collect } from "./support/wait.js";
import { describeFleet, TestFleet } from "./support/fleet.js";

interface Message {
  readonly type: string;
  readonly content: string;
}

const say = (content: string) => ({ input: { messages: [{ role: "user", content }] } });

describeFleet("a conversation with the example agent", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start({ config: "examples/langgraph.json" });
  });
  afterAll(() => fleet?.stop());

  test("streams the answer token by token", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();

    const events = await collect(
      client.runs.stream(thread_id, "agent", { ...say("What is the weather in Paris?"), streamMode: "messages-tuple" }),
    );

    expect(events[0]?.event).toBe("metadata");
    const chunks = events
      .filter(({ event }) => event === "messages")
      .map(({ data }) => (data as unknown as [Message])[0]);
    expect(chunks.filter(({ type }) => type === "ai").length).toBeGreaterThan(3);
    expect(chunks.some(({ type }) => type === "tool")).toBe(true);
    const { messages } = (await client.threads.get(thread_id)).values as unknown as { messages: Message[] };
    expect(messages.at(-1)?.content).toMatch(/Paris/);
  });

  test("asks before it sends an email, and sends it when told to", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();

    await client.runs.wait(thread_id, "agent", say("Send an email to ada@example.com saying hello"));
    const waiting = await client.threads.getState(thread_id);
    expect((await client.threads.get(thread_id)).status).toBe("interrupted");
    expect(waiting.tasks[0]?.interrupts).toHaveLength(1);

    const values = (await client.runs.wait(thread_id, "agent", { command: { resume: "approve" } })) as {
      messages: Message[];
    };

    expect((await client.threads.get(thread_id)).status).toBe("idle");
    expect(values.messages.filter(({ type }) => type === "tool")).toHaveLength(1);
    expect(values.messages.at(-1)?.type).toBe("ai");
  });

  test("remembers on one thread what was said on another", async () => {
    const { client } = fleet;
    const config = { configurable: { user_id: "grace" } };
    await client.runs.wait(null, "agent", { ...say("Remember that I like oolong tea"), config });

    const { thread_id } = await client.threads.create();
    const values = (await client.runs.wait(thread_id, "agent", {
      ...say("What do you remember about me?"),
      config,
    })) as { messages: Message[] };

    expect(values.messages.at(-1)?.content).toMatch(/oolong/);
  });

  test("travels back in time and goes on from there", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();
    await client.runs.wait(thread_id, "agent", say("What is the weather in Paris?"));
    const [afterParis] = await client.threads.getHistory(thread_id, { limit: 1 });
    await client.runs.wait(thread_id, "agent", say("What is the weather in Oslo?"));

    const values = (await client.runs.wait(thread_id, "agent", {
      ...say("What is the weather in Rome?"),
      checkpoint: afterParis!.checkpoint,
    })) as { messages: Message[] };

    const said = values.messages.map(({ content }) => content).join(" ");
    expect(said).toMatch(/Paris/);
    expect(said).toMatch(/Rome/);
    expect(said).not.toMatch(/Oslo/);
  });
});
