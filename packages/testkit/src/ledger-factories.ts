import {
  ANONYMOUS,
  type Assistant,
  type Cron,
  type JsonObject,
  type NewAssistant,
  type NewCron,
  type NewRun,
  type NewThread,
  type Run,
  type RunSpec,
  type RunTemplate,
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
  /** A cron of nobody's that is switched on, and due when `nextRunAt` says so. */
  cron(fields?: Partial<NewCron>): Promise<Cron>;
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

  async cron(fields = {}) {
    return storage.crons.insert({
      id: randomIds.cron(),
      assistantId: fields.assistantId ?? (await this.assistant()).id,
      threadId: null,
      onRunCompleted: "keep",
      schedule: "0 0 1 1 *",
      timezone: null,
      endTime: null,
      enabled: true,
      nextRunAt: null,
      userId: null,
      template: RUN_TEMPLATE,
      metadata: {},
      owner: { caller: ANONYMOUS, scope: WHOLE_HOUSE, stamp: {} },
      ...fields,
    });
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

/** What a cron's runs are made from when nothing was wished for. */
export const RUN_TEMPLATE: RunTemplate = {
  input: NOTHING,
  config: NOTHING,
  context: null,
  webhook: null,
  interruptBefore: null,
  interruptAfter: null,
  multitaskStrategy: "enqueue",
  streamModes: null,
  streamSubgraphs: false,
  streamResumable: false,
  durability: null,
};

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
