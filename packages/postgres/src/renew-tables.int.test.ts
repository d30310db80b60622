import {
  claimOf,
  type Encryption,
  openEncryption,
  randomIds,
  type RenewRows,
  renewRows,
  SEALED_TYPE,
  sealedStorage,
  type Storage,
  WHOLE_HOUSE,
} from "@graphfleet/domain";
import { openLedger, RUN_TEMPLATE, type TestLedger } from "@graphfleet/testkit";
import { type Renewed, renewTables, type RenewOptions } from "./renew-tables.js";

const SECRET = "a canary";
const LEASE = { owner: "worker-1", seconds: 15 };
const OLD = "a".repeat(32);
const NEW = "b".repeat(32);
const opened = (key: string, fallbackKeys = "", mode: "read" | "write" = "write"): Encryption =>
  openEncryption({ key, fallbackKeys, legacyKey: undefined, jsonKeys: "note", mode })!;
const EVERY_TABLE = [
  "threads",
  "runs",
  "crons",
  "webhook_deliveries",
  "assistants",
  "assistant_versions",
  "store_items",
  "checkpoints",
  "checkpoint_blobs",
  "checkpoint_writes",
];

let ledger: TestLedger;
beforeEach(async () => {
  ledger = await openLedger();
});
afterEach(() => ledger.close());

/** Something in every table, as processes with this encryption write it. */
async function written(encryption: Encryption | null) {
  const storage = sealedStorage(ledger.storage, encryption);
  const bytes = new TextEncoder().encode(`"${SECRET}"`);
  const blob = {
    type: encryption === null ? "json" : `json${SEALED_TYPE}`,
    bytes: encryption === null ? bytes : await encryption.cipher.seal("checkpoint", bytes),
  };
  const plain = await ledger.make.run();
  const threadId = randomIds.thread();
  await storage.threads.insert({
    id: threadId,
    metadata: { note: SECRET },
    config: { configurable: { about: SECRET } },
  });
  const webhook = "https://hooks.example.net";
  const run = await storage.runs.insert({
    id: randomIds.run(),
    threadId,
    assistantId: plain.assistantId,
    metadata: { note: SECRET },
    spec: { ...plain.spec, webhook, input: { text: SECRET }, context: SECRET },
    auth: { identity: "ann", permissions: [], user: { email: SECRET } },
    multitaskStrategy: "enqueue",
    afterSeconds: 0,
    tapeFrom: 0,
    webhook,
  });
  const claim = claimOf((await storage.runs.claim(run, LEASE))!);
  const place = { ns: "", checkpointId: "1ef" };
  await storage.checkpoints.write(
    {
      threadId,
      checkpoints: [{ ...place, parentId: null, checkpoint: { id: "1ef" }, metadata: { note: SECRET, step: 1 } }],
      blobs: [
        { ns: "", channel: "secret", version: "1.5", ...blob },
        { ns: "", channel: "none", version: "1.5", type: "empty", bytes: null },
      ],
      writes: [{ ...place, taskId: "t", idx: 0, channel: "secret", replace: false, ...blob }],
    },
    claim,
  );
  await storage.runs.settle(claim, {
    status: "error",
    ending: "failed",
    error: { error: "TypeError", message: SECRET },
    snapshot: { values: { text: SECRET }, interrupts: { task: [{ id: "i", value: SECRET }] } },
    checkpointId: "1ef",
    lastSeq: 0,
  });
  const assistantId = randomIds.assistant();
  await storage.assistants.insert({
    id: assistantId,
    graphId: "agent",
    name: "Untitled",
    description: null,
    config: {},
    metadata: { note: SECRET },
    context: { note: SECRET },
  });
  await storage.crons.insert({
    id: randomIds.cron(),
    assistantId,
    threadId: null,
    onRunCompleted: "delete",
    enabled: true,
    nextRunAt: new Date(0),
    userId: "ann",
    schedule: "* * * * *",
    timezone: null,
    endTime: null,
    template: { ...RUN_TEMPLATE, input: { text: SECRET } },
    metadata: { note: SECRET },
    owner: {
      caller: { identity: "ann", permissions: [], user: { email: SECRET }, headers: {} },
      scope: WHOLE_HOUSE,
      stamp: {},
    },
  });
  const item = { namespace: ["a", threadId], key: "k", value: { note: SECRET }, ttlMinutes: null };
  await storage.items.put(item, WHOLE_HOUSE);
  return { threadId, runId: run.id, assistantId, namespace: item.namespace };
}

type Made = Awaited<ReturnType<typeof written>>;

async function read(storage: Storage, { threadId, runId, assistantId, namespace }: Made) {
  const values = { text: SECRET };
  const error = { error: "TypeError", message: SECRET };
  expect(await storage.threads.get(threadId, WHOLE_HOUSE)).toMatchObject({
    metadata: { note: SECRET },
    config: { configurable: { about: SECRET } },
    values,
    error,
    interrupts: { task: [{ id: "i", value: SECRET }] },
  });
  expect(await storage.runs.find(runId)).toMatchObject({ metadata: { note: SECRET }, spec: { input: values }, error });
  expect(await storage.deliveries.claim({ runId }, 30)).toMatchObject({
    ended: { values, error, spec: { input: values } },
  });
  expect(await storage.assistants.get(assistantId, WHOLE_HOUSE)).toMatchObject({ context: { note: SECRET } });
  const item = await storage.items.get(namespace, "k", { refreshTtl: false }, WHOLE_HOUSE);
  expect(item?.value).toEqual({ note: SECRET });
  const due = await storage.transaction((tx) => tx.crons.claimDue({ threads: "own", limit: 10, except: [] }));
  const cron = due.find((one) => one.cron.assistantId === assistantId);
  expect(cron).toMatchObject({ owner: { caller: { user: { email: SECRET } } }, cron: { template: { input: values } } });
}

async function walk(encryption: Encryption, options: Partial<RenewOptions> = {}): Promise<Renewed[]> {
  const steps: Renewed[] = [];
  const renew = renewRows(encryption);
  for await (const step of renewTables({ pool: ledger.pool, renew, batch: 2, ...options })) steps.push(step);
  return steps;
}

/** Rows written, by table. */
const counts = (steps: readonly Renewed[]) =>
  Object.fromEntries(steps.map(({ table, written: rows }) => [table, rows]));

async function everything(): Promise<string> {
  const texts = await Promise.all(
    EVERY_TABLE.map((table) =>
      ledger.pool.query<{ text: string }>(`select coalesce(string_agg(t::text, ' '), '') as text from ${table} t`),
    ),
  );
  return texts.map(({ rows }) => rows[0]?.text ?? "").join(" ");
}

test("afterwards the older key can be dropped, and nothing is plain that should not be", async () => {
  const made = [await written(opened(OLD)), await written(null)];
  await expect(walk(opened(NEW))).rejects.toThrow(/^\w+ .+ cannot be decrypted: it was encrypted with key/);

  const renewed = counts(await walk(opened(NEW, OLD)));
  expect(Object.keys(renewed)).toEqual(EVERY_TABLE);
  for (const table of EVERY_TABLE) expect(renewed[table]).toBeGreaterThan(0);

  expect(Object.values(counts(await walk(opened(NEW))))).toEqual(EVERY_TABLE.map(() => 0));
  const text = await everything();
  expect(text).not.toContain(SECRET);
  expect(text).not.toContain(Buffer.from(SECRET).toString("hex"));
  for (const one of made) await read(sealedStorage(ledger.storage, opened(NEW)), one);
  const { rows } = await ledger.pool.query<{ type: string; blob: Buffer }>(
    "select type, blob from checkpoint_blobs where blob is not null union all select type, blob from checkpoint_writes",
  );
  expect(rows).toHaveLength(4);
  for (const { type, blob } of rows) {
    expect(type).toBe(`json${SEALED_TYPE}`);
    expect(Buffer.from(await opened(NEW).cipher.open("checkpoint", blob)).toString()).toBe(`"${SECRET}"`);
  }
});

test("only reading, it makes everything plain again", async () => {
  const made = await written(opened(OLD));
  await walk(opened(OLD, "", "read"));
  expect(await everything()).not.toContain("sealed");
  await read(ledger.storage, made);
});

test("what somebody writes meanwhile stays, and is sealed if it is not", async () => {
  const { threadId } = await written(null);
  const renew = renewRows(opened(NEW));
  let meanwhile = true;
  const late: RenewRows = {
    ...renew,
    threads: async (row) => {
      const after = await renew.threads(row);
      if (meanwhile && JSON.stringify(row.values).includes(SECRET)) {
        meanwhile = false;
        await ledger.storage.threads.saveState(threadId, { values: { text: "newer" }, interrupts: {} }, "idle");
      }
      return after;
    },
  };
  await walk(opened(NEW), { renew: late });
  expect(meanwhile).toBe(false);
  expect((await sealedStorage(ledger.storage, opened(NEW)).threads.get(threadId, WHOLE_HOUSE))?.values).toEqual({
    text: "newer",
  });
  expect(await everything()).not.toContain("newer");
});

test("goes on where it stopped", async () => {
  await written(opened(OLD));
  await written(opened(OLD));
  const stop = new AbortController();
  const steps: Renewed[] = [];
  for await (const step of renewTables({
    pool: ledger.pool,
    renew: renewRows(opened(NEW, OLD)),
    batch: 1,
    signal: stop.signal,
  })) {
    steps.push(step);
    if (step.table === "runs") stop.abort();
  }
  const last = steps.at(-1);
  expect(last).toMatchObject({ table: "runs", next: expect.any(String) });

  const rest = await walk(opened(NEW, OLD), { from: last?.next ?? "" });
  expect(rest[0]?.table).toBe("runs");
  expect(rest.at(-1)?.next).toBeNull();
  expect(Object.values(counts(await walk(opened(NEW)))).every((rows) => rows === 0)).toBe(true);
  await expect(walk(opened(NEW), { from: "nowhere" })).rejects.toThrow("no place where a walk stopped");
});

test("assistants of the project, and checkpoints of other programs, are left alone", async () => {
  const { id } = await ledger.make.assistant({ metadata: { created_by: "system", note: "of the project" } });
  await ledger.pool.query(
    "insert into checkpoint_blobs (thread_id, channel, version, type, blob) values ('elsewhere', 'c', '1', 'json', '1')",
  );
  const before = await ledger.storage.assistants.get(id, WHOLE_HOUSE);
  const renewed = counts(await walk(opened(NEW)));
  expect(renewed).toMatchObject({ checkpoint_blobs: 0 });
  expect(await ledger.storage.assistants.get(id, WHOLE_HOUSE)).toEqual(before);
});
