import {
  CannotDecrypt,
  claimOf,
  type EncryptionContext,
  type EncryptionHandlers,
  type JsonObject,
  sealingFor,
  type Ending,
  type NewCron,
  openEncryption,
  randomIds,
  sealedStorage,
  WHOLE_HOUSE,
} from "@graphfleet/domain";
import { openLedger, type TestLedger, RUN_TEMPLATE } from "@graphfleet/testkit";

const SECRET = "a canary";
const LEASE = { owner: "worker-1", seconds: 15 };
const encryption = openEncryption({ key: "k".repeat(32), fallbackKeys: "", legacyKey: undefined, jsonKeys: "note" });

/** A project's own handlers: they turn bytes around, and of objects the values of `note`. */
const turned = (bytes: Uint8Array) => bytes.map((byte) => byte ^ 0x55);
const withNote = (object: JsonObject, change: (text: string) => string): JsonObject =>
  typeof object["note"] === "string" ? { ...object, note: change(object["note"]) } : object;
const json = async (_context: EncryptionContext, object: JsonObject) =>
  withNote(object, (text) => text.split("").toReversed().join(""));
const handlers: EncryptionHandlers = {
  encrypt: { blob: async (_context, plain) => turned(plain), json },
  decrypt: { blob: async (_context, sealed) => turned(sealed), json },
};
const handled = openEncryption({ key: undefined, fallbackKeys: "", legacyKey: undefined, jsonKeys: "" }, handlers);

let ledger: TestLedger;
/** The ledger as processes with a key see it. */
let sealed: TestLedger["storage"];
beforeAll(async () => {
  ledger = await openLedger();
  sealed = sealedStorage(ledger.storage, encryption);
});
afterAll(() => ledger.close());

const failed = (values: object): Ending => ({
  status: "error",
  ending: "failed",
  error: { error: "TypeError", message: SECRET },
  snapshot: { values: values as Record<string, string>, interrupts: { task: [{ id: "i", value: SECRET }] } },
  checkpointId: "1ef",
  lastSeq: 0,
});

/** A run from the plain ledger's factory, put in through the sealed one. */
async function admitted() {
  const plain = await ledger.make.run({ spec: { webhook: "https://hooks.example.net" } });
  const threadId = randomIds.thread();
  await sealed.threads.insert({
    id: threadId,
    metadata: { note: SECRET },
    config: { configurable: { about: SECRET } },
  });
  return sealed.runs.insert({
    id: randomIds.run(),
    threadId,
    assistantId: plain.assistantId,
    metadata: { note: SECRET, kind: "x" },
    spec: { ...plain.spec, input: { text: SECRET }, command: { resume: SECRET }, context: [SECRET] },
    auth: { identity: "ann", permissions: [], user: { email: SECRET } },
    multitaskStrategy: "enqueue",
    afterSeconds: 0,
    tapeFrom: 0,
    webhook: "https://hooks.example.net",
  });
}

async function textOf(table: string): Promise<string> {
  const { rows } = await ledger.pool.query<{ text: string }>(`select string_agg(t::text, ' ') as text from ${table} t`);
  return rows[0]?.text ?? "";
}

test("a run goes from its request to its webhook unreadable, and whole for who has the key", async () => {
  const run = await admitted();
  expect(run.spec).toMatchObject({ input: { text: SECRET }, command: { resume: SECRET }, context: [SECRET] });

  const claimed = await sealed.runs.claim(run, LEASE);
  expect(claimed).toMatchObject({ spec: run.spec, metadata: run.metadata });
  expect(claimed?.auth).toEqual({ identity: "ann", permissions: [], user: { email: SECRET } });
  expect(await sealed.runs.settle(claimOf(claimed!), failed({ text: SECRET }))).toMatchObject({ kind: "settled" });

  const error = { error: "TypeError", message: SECRET };
  expect(await sealed.threads.get(run.threadId, WHOLE_HOUSE)).toMatchObject({
    metadata: { note: SECRET },
    config: { configurable: { about: SECRET } },
    values: { text: SECRET },
    interrupts: { task: [{ id: "i", value: SECRET }] },
    error,
  });
  const delivery = await sealed.deliveries.claim({ runId: run.id }, 30);
  expect(delivery?.ended).toMatchObject({ spec: run.spec, metadata: run.metadata, error, values: { text: SECRET } });

  for (const table of ["threads", "runs", "webhook_deliveries"]) {
    const text = await textOf(table);
    expect(text).toContain("$sealed");
    expect(text).not.toContain(SECRET);
  }
});

test("a copy of a thread opens, and transactions seal too", async () => {
  const { threadId } = await admitted();
  const copy = await sealed.transaction(async (tx) => {
    await tx.threads.saveState(threadId, { values: { text: SECRET }, interrupts: {} }, "idle");
    return tx.threads.copy(threadId, { id: randomIds.thread(), metadata: { note: SECRET } }, WHOLE_HOUSE);
  });
  expect(copy).toMatchObject({ values: { text: SECRET }, metadata: { note: SECRET } });
  expect(await textOf("threads")).not.toContain(SECRET);
});

test("a cron fires what it was made with", async () => {
  const id = randomIds.cron();
  const cron: NewCron = {
    id,
    assistantId: (await ledger.make.assistant()).id,
    threadId: null,
    onRunCompleted: "delete",
    enabled: true,
    nextRunAt: new Date(0),
    userId: "ann",
    schedule: "* * * * *",
    timezone: null,
    endTime: null,
    template: {
      ...RUN_TEMPLATE,
      input: { text: SECRET },
      config: { configurable: { about: SECRET } },
      context: SECRET,
    },
    metadata: { note: SECRET },
    owner: {
      caller: { identity: "ann", permissions: [], user: { email: SECRET }, headers: {} },
      scope: WHOLE_HOUSE,
      stamp: {},
    },
  };
  expect((await sealed.crons.insert(cron)).template).toEqual(cron.template);
  const due = await sealed.transaction((tx) => tx.crons.claimDue({ threads: "own", limit: 10, except: [] }));
  expect(due).toMatchObject([{ cron: { id, template: cron.template, metadata: cron.metadata }, owner: cron.owner }]);
  expect(await textOf("crons")).not.toContain(SECRET);
});

test("what handlers sealed for somebody says for whom, and workers go on for the same one", async () => {
  const storage = sealedStorage(ledger.storage, handled);
  const plain = await ledger.make.run();
  const threadId = randomIds.thread();
  const encryptionContext = { tenant: "acme" };
  const run = await sealingFor(encryptionContext, async () => {
    await storage.threads.insert({ id: threadId, metadata: { note: SECRET, kind: "handled" } });
    return storage.runs.insert({
      id: randomIds.run(),
      threadId,
      assistantId: plain.assistantId,
      metadata: { note: SECRET },
      spec: { ...plain.spec, input: { text: "anything" }, context: { note: SECRET } },
      auth: { identity: "ann", permissions: [], user: { email: SECRET }, encryptionContext },
      multitaskStrategy: "enqueue",
      afterSeconds: 0,
      tapeFrom: 0,
      webhook: null,
    });
  });
  const claimed = await storage.runs.claim(run, LEASE);
  expect(claimed).toMatchObject({ metadata: { note: SECRET }, auth: { user: { email: SECRET }, encryptionContext } });

  const snapshot = { values: { note: SECRET }, interrupts: { task: [{ id: "i", value: SECRET }] } };
  await sealingFor(claimed?.auth.encryptionContext, () =>
    storage.runs.settle(claimOf(claimed!), { ...failed({}), snapshot, error: { error: "Error", message: SECRET } }),
  );
  const { rows } = await ledger.pool.query<{ text: string; metadata: JsonObject; values: JsonObject }>(
    'select t::text || r::text as text, t.metadata, t."values" from threads t join runs r using (thread_id) where thread_id = $1',
    [threadId],
  );
  expect(rows[0]?.metadata).toEqual({
    kind: "handled",
    note: { $sealed: "yranac a", $with: { model: "thread", field: "metadata", metadata: encryptionContext } },
  });
  expect(rows[0]?.values["$with"]).toMatchObject({ metadata: encryptionContext });
  expect(rows[0]?.text.split('"tenant"').length).toBeGreaterThan(4);
  expect(await storage.threads.get(threadId, WHOLE_HOUSE)).toMatchObject({
    metadata: { note: SECRET, kind: "handled" },
    ...snapshot,
    error: { error: "Error", message: SECRET },
  });
  await expect(storage.threads.count({ metadata: { note: SECRET } }, WHOLE_HOUSE)).rejects.toMatchObject({
    code: "invalid_request",
  });
  expect(await storage.threads.count({ metadata: { kind: "handled" } }, WHOLE_HOUSE)).toBe(1);
});

test("a run that cannot be read is claimed all the same, and says why", async () => {
  const run = await admitted();
  const other = openEncryption({ key: "o".repeat(32), fallbackKeys: "", legacyKey: undefined, jsonKeys: "" });
  const claimed = await sealedStorage(ledger.storage, other).runs.claim(run, LEASE);
  expect(claimed?.unreadable).toBeInstanceOf(CannotDecrypt);
});

test("rows from before there was a key stay readable", async () => {
  const old = await ledger.make.thread({ metadata: { note: "old", graph_id: "agent" } });
  await ledger.storage.threads.saveState(old.id, { values: { text: "old" }, interrupts: {} }, "idle");
  const run = await ledger.make.run({ threadId: old.id, spec: { input: { text: "old" } } });

  expect(await sealed.threads.get(old.id, WHOLE_HOUSE)).toMatchObject({
    metadata: { note: "old" },
    values: { text: "old" },
  });
  expect((await sealed.runs.find(run.id))?.spec.input).toEqual({ text: "old" });
});

test("without encryption the ledger is the ledger itself", () => {
  expect(sealedStorage(ledger.storage, null)).toBe(ledger.storage);
});
