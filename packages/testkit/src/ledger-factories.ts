import {
  type Assistant,
  type JsonObject,
  type NewAssistant,
  type NewRun,
  type NewThread,
  type Run,
  type RunSpec,
  type Storage,
  type Thread,
  WHOLE_HOUSE,
  randomIds,
  systemAssistantId,
} from "@graphfleet/domain";

/** Rows with sensible contents, where a test says only what it is about. */
export interface Make {
  assistant(fields?: Partial<NewAssistant>): Promise<Assistant>;
  thread(fields?: Partial<NewThread>): Promise<Thread>;
  /** Admits a run as the use case does: under the thread's lock, on a thread of its own when none is named. */
  run(fields?: RunFields): Promise<Run>;
}

export interface RunFields extends Partial<Omit<NewRun, "spec">> {
  readonly spec?: Partial<RunSpec>;
}

export const makeFactories = (storage: Storage): Make => ({
  async assistant(fields = {}) {
    const made = await storage.assistants.insert({
      id: randomIds.assistant(),
      graphId: "agent",
      name: "Untitled",
      description: null,
      config: {},
      context: {},
      metadata: {},
      ...fields,
    });
    if (made === null) throw new Error("The assistant exists already.");
    return made;
  },

  async thread(fields = {}) {
    const made = await storage.threads.insert({ id: randomIds.thread(), metadata: {}, ...fields });
    if (made === null) throw new Error("The thread exists already.");
    return made;
  },

  run: ({ spec, ...fields } = {}) =>
    storage.transaction(async (tx) => {
      const threadId = fields.threadId ?? randomIds.thread();
      const temporary = spec?.temporary ?? false;
      if (fields.threadId === undefined) await tx.threads.insert({ id: threadId, metadata: {}, temporary });
      const thread = await tx.threads.lock(threadId, WHOLE_HOUSE);
      if (thread === null) throw new Error(`There is no thread ${threadId}.`);

      const run = await tx.runs.insert({
        id: randomIds.run(),
        threadId,
        assistantId: systemAssistantId("agent"),
        metadata: {},
        auth: { identity: null, permissions: [], user: null },
        multitaskStrategy: "enqueue",
        afterSeconds: 0,
        tapeFrom: thread.streamSeq,
        webhook: spec?.webhook ?? null,
        ...fields,
        spec: { ...SPEC, ...spec },
      });
      await tx.threads.markBusy(threadId, null);
      return run;
    }),
});

const NOTHING: JsonObject = {};

const SPEC: RunSpec = {
  graphId: "agent",
  input: NOTHING,
  command: null,
  config: NOTHING,
  context: NOTHING,
  streamModes: ["values"],
  streamSubgraphs: false,
  streamResumable: false,
  interruptBefore: null,
  interruptAfter: null,
  durability: null,
  feedbackKeys: [],
  webhook: null,
  temporary: false,
  attached: false,
};
