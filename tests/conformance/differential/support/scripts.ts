import type { Client } from "@langchain/langgraph-sdk";

/** One thing a client does, and everything it sees of it. */
export type Script = (client: Client) => Promise<unknown>;

const MODES = [
  "values",
  "updates",
  "messages",
  "messages-tuple",
  "events",
  "debug",
  "tasks",
  "checkpoints",
  "custom",
  "tools",
];
const human = (content: string) => ({ messages: [{ id: "human", type: "human", content }] });

/** What each graph is given. */
const INPUTS: Readonly<Record<string, Record<string, unknown>>> = {
  chat: human("hello"),
  steps: { log: ["input"] },
  asking: { log: ["input"], asks: ["why", "how"] },
  nested: human("hello"),
  failing: { log: ["input"] },
  strange: {},
};

interface More {
  readonly [option: string]: unknown;
}

async function thread(client: Client, graph: string): Promise<string> {
  return (await client.threads.create({ graphId: graph })).thread_id;
}

async function stream(client: Client, on: string | null, graph: string, options: More = {}): Promise<unknown[]> {
  const said: unknown[] = [];
  const payload = { input: INPUTS[graph], ...options };
  // The options are the wire's, not one of the SDK's overloads.
  for await (const event of client.runs.stream(on as string, graph, payload as never)) said.push(event);
  return said;
}

/** What is left on the thread: its row, its state and its history. */
async function rest(client: Client, id: string): Promise<unknown> {
  const [thread, plain] = [await client.threads.get(id), await client.threads.getState(id)];
  return {
    status: thread.status,
    plain,
    deep: await client.threads.getState(id, undefined, { subgraphs: true }),
    history: await client.threads.getHistory(id),
  };
}

const eachMode = (graph: string, options: More = {}): [string, Script][] =>
  MODES.filter((mode) => !("streamSubgraphs" in options && mode === "messages")).map((mode) => [
    `${graph} in mode ${mode}${"streamSubgraphs" in options ? ", with subgraphs" : ""}`,
    async (client) => stream(client, await thread(client, graph), graph, { streamMode: mode, ...options }),
  ]);

/** What the answer of a resumed run depends on: ids that the client learned from the first one. */
async function interruptIds(client: Client, id: string): Promise<string[]> {
  const { tasks } = await client.threads.getState(id);
  return tasks.flatMap(({ interrupts }) => interrupts.map((one) => one.id ?? ""));
}

export const SCRIPTS: readonly [name: string, script: Script][] = [
  ...Object.keys(INPUTS).flatMap((graph) => eachMode(graph)),
  ...eachMode("nested", { streamSubgraphs: true }),
  ...eachMode("asking", { streamSubgraphs: true }),

  [
    "several modes at once",
    async (client) =>
      stream(client, await thread(client, "chat"), "chat", {
        streamMode: ["values", "updates", "messages-tuple", "custom", "tasks", "checkpoints"],
      }),
  ],
  [
    "messages and values",
    async (client) => stream(client, await thread(client, "chat"), "chat", { streamMode: ["messages", "values"] }),
  ],
  ["no mode named", async (client) => stream(client, await thread(client, "steps"), "steps")],
  ["a run without a thread", async (client) => stream(client, null, "steps", { streamMode: ["values", "updates"] })],
  ["an interrupt without a thread", async (client) => stream(client, null, "asking", { streamMode: ["updates"] })],

  ...(["chat", "steps", "asking", "nested", "failing", "strange"] as const).map((graph): [string, Script] => [
    `what ${graph} leaves behind`,
    async (client) => {
      const id = await thread(client, graph);
      await stream(client, id, graph);
      return await rest(client, id);
    },
  ]),

  [
    "a second run on the thread",
    async (client) => {
      const id = await thread(client, "steps");
      await stream(client, id, "steps");
      return [await stream(client, id, "steps", { streamMode: ["values", "debug"] }), await rest(client, id)];
    },
  ],
  ...(["interruptBefore", "interruptAfter"] as const).flatMap((when) =>
    [["left"], "*"].map((nodes): [string, Script] => [
      `${when} ${String(nodes)}, then on`,
      async (client) => {
        const id = await thread(client, "steps");
        const options = { streamMode: ["values", "updates"], [when]: nodes };
        const first = await stream(client, id, "steps", options);
        const paused = await rest(client, id);
        const second = await stream(client, id, "steps", { ...options, input: null });
        return [first, paused, second, await rest(client, id)];
      },
    ]),
  ),
  [
    "two questions answered by a map",
    async (client) => {
      const id = await thread(client, "asking");
      const first = await stream(client, id, "asking", { streamMode: ["values", "updates", "tasks"] });
      const [one, two] = await interruptIds(client, id);
      const resume = { [one!]: "because", [two!]: "like this" };
      const second = await stream(client, id, "asking", {
        input: undefined,
        command: { resume },
        streamMode: ["values", "updates", "tasks"],
      });
      return [first, second, await rest(client, id)];
    },
  ],
  [
    "one question answered by its value",
    async (client) => {
      const id = await thread(client, "asking");
      await stream(client, id, "asking", { input: { log: [], asks: ["why"] } });
      const answered = await stream(client, id, "asking", { input: undefined, command: { resume: "because" } });
      return [answered, await rest(client, id)];
    },
  ],
  [
    "one of two questions answered",
    async (client) => {
      const id = await thread(client, "asking");
      await stream(client, id, "asking");
      const [one] = await interruptIds(client, id);
      const answered = await stream(client, id, "asking", { input: undefined, command: { resume: { [one!]: "so" } } });
      return [answered, await rest(client, id)];
    },
  ],
  [
    "a question inside of a subgraph",
    async (client) => {
      const id = await thread(client, "nested");
      const options = { streamMode: ["values", "updates"], streamSubgraphs: true };
      const first = await stream(client, id, "nested", { ...options, input: human("ask") });
      const paused = await rest(client, id);
      const second = await stream(client, id, "nested", { ...options, input: undefined, command: { resume: "yes" } });
      return [first, paused, second, await rest(client, id)];
    },
  ],
  [
    "plain input on an interrupted thread",
    async (client) => {
      const id = await thread(client, "asking");
      await stream(client, id, "asking");
      return [await stream(client, id, "asking", { streamMode: ["values", "updates"] }), await rest(client, id)];
    },
  ],
  [
    "a state edited while it waits, then on",
    async (client) => {
      const id = await thread(client, "steps");
      await stream(client, id, "steps", { interruptAfter: ["first"] });
      await client.threads.updateState(id, { values: { log: ["edited"] } });
      const edited = await rest(client, id);
      return [edited, await stream(client, id, "steps", { input: null, streamMode: ["values", "updates"] })];
    },
  ],
  [
    "a state edited in the name of a node",
    async (client) => {
      const id = await thread(client, "steps");
      await stream(client, id, "steps", { interruptBefore: ["jump"] });
      await client.threads.updateState(id, { values: { log: ["instead"] }, asNode: "jump" });
      return [await rest(client, id), await stream(client, id, "steps", { input: null })];
    },
  ],
  [
    "a command that updates and goes somewhere",
    async (client) => {
      const id = await thread(client, "steps");
      await stream(client, id, "steps");
      const command = { update: { log: ["sent"] }, goto: "landing" };
      return [
        await stream(client, id, "steps", { input: undefined, command, streamMode: ["values", "updates"] }),
        await rest(client, id),
      ];
    },
  ],
  [
    "a fork from the past",
    async (client) => {
      const id = await thread(client, "steps");
      await stream(client, id, "steps");
      const history = await client.threads.getHistory(id);
      const past = history.find(({ next }) => next.includes("left"))!;
      return [
        await stream(client, id, "steps", {
          input: null,
          checkpoint: past.checkpoint,
          streamMode: ["values", "updates"],
        }),
        await rest(client, id),
      ];
    },
  ],
  ...["debug", "checkpoints"].map((streamMode): [string, Script] => [
    // The library repeats the checkpoint that it goes on from: the second run begins with the last one of the first.
    `on from a checkpoint in mode ${streamMode}`,
    async (client) => {
      const id = await thread(client, "steps");
      const first = await stream(client, id, "steps", { interruptBefore: ["left"], streamMode });
      const { checkpoint_id } = (await client.threads.getState(id)).checkpoint;
      return [first, await stream(client, id, "steps", { input: null, checkpoint_id, streamMode })];
    },
  ]),
  ...[{}, { resume: null }].map((command): [string, Script] => [
    `a command with nothing in it: ${JSON.stringify(command)}`,
    async (client) => {
      const id = await thread(client, "steps");
      const said = await stream(client, id, "steps", { input: INPUTS["steps"], command });
      return [said, (await client.threads.get(id)).status];
    },
  ]),
  [
    "another answer to a question of the past",
    async (client) => {
      const id = await thread(client, "asking");
      await stream(client, id, "asking", { input: { log: [], asks: ["why"] } });
      const { checkpoint } = await client.threads.getState(id);
      await stream(client, id, "asking", { input: undefined, command: { resume: "first" } });
      const command = { resume: "second" };
      return [await stream(client, id, "asking", { input: undefined, command, checkpoint }), await rest(client, id)];
    },
  ],
  [
    "a history replayed in supersteps",
    async (client) => {
      const supersteps = [
        { updates: [{ values: { log: ["input"] }, asNode: "__input__" }] },
        { updates: [{ values: { log: ["input"] }, asNode: "__start__" }] },
        { updates: [{ values: { log: ["first"] }, asNode: "first" }] },
      ];
      const made = await client.threads.create({ graphId: "steps", supersteps });
      return [made.values, await client.threads.getHistory(made.thread_id)];
    },
  ],
  [
    "a copy that goes on",
    async (client) => {
      const id = await thread(client, "asking");
      await stream(client, id, "asking", { input: { log: [], asks: ["why"] } });
      const { thread_id: copy } = (await client.threads.copy(id)) as unknown as { readonly thread_id: string };
      const before = await rest(client, copy);
      await stream(client, copy, "asking", { input: undefined, command: { resume: "so" } });
      return [
        (before as { plain: unknown }).plain,
        await rest(client, copy),
        (await client.threads.getState(id)).values,
      ];
    },
  ],
  [
    "a run after an error",
    async (client) => {
      const id = await thread(client, "failing");
      await stream(client, id, "failing");
      return [
        await stream(client, id, "failing", { input: null, streamMode: ["values", "updates"] }),
        await rest(client, id),
      ];
    },
  ],
  [
    "too many steps",
    async (client) => {
      const id = await thread(client, "steps");
      return await stream(client, id, "steps", { config: { recursion_limit: 2 }, streamMode: ["values", "updates"] });
    },
  ],
  [
    "waiting for the end",
    async (client) => [
      await client.runs.wait(await thread(client, "chat"), "chat", { input: INPUTS["chat"]! }),
      await client.runs.wait(null, "steps", { input: INPUTS["steps"]! }),
    ],
  ],
  [
    "a background run, joined",
    async (client) => {
      const id = await thread(client, "chat");
      const { run_id: runId } = await client.runs.create(id, "chat", {
        input: INPUTS["chat"]!,
        streamMode: ["values", "messages-tuple"],
      });
      const joined = await client.runs.join(id, runId);
      const { status, metadata } = await client.runs.get(id, runId);
      return [joined, { status, metadata }];
    },
  ],
];
