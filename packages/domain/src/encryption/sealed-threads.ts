import { isObject, type Json, type JsonObject, objectOrEmpty } from "../json.js";
import type { ThreadRepository } from "../threads/thread-repository.js";
import type {
  FoundThread,
  GraphError,
  Interrupts,
  LockedThread,
  Thread,
  ThreadExtract,
  ThreadField,
  ThreadFilter,
  ThreadSnapshot,
  ThreadTakeOver,
} from "../threads/thread.js";
import type { Cipher, Encryption } from "./cipher.js";
import { EncryptionFailed } from "./handlers.js";
import { overlay } from "../overlay.js";
import { openJson, renewJson, sealJson } from "./sealed-json.js";
import { notFilterable, sealedKeys } from "./sealed-keys.js";

/** Fields that the database cannot look into. */
const SEALED_FIELDS: ReadonlySet<ThreadField> = new Set(["config", "context", "error", "interrupts", "values"]);

/**
 * Threads whose state, questions, errors and settings are sealed. What of an error is sealed is its message; of a
 * question, its value.
 */
export function sealedThreads(threads: ThreadRepository, encryption: Encryption): ThreadRepository {
  const { cipher, jsonKeys } = encryption;
  const keys = sealedKeys(encryption);
  const open = (thread: Thread | null) => (thread === null ? null : openThread(thread));
  const openThread = async <T extends Partial<Thread>>(thread: T): Promise<T> => ({
    ...thread,
    ...(thread.metadata === undefined ? {} : { metadata: await keys.open("thread", thread.metadata) }),
    ...(thread.config === undefined ? {} : { config: await openObject(cipher, thread.config) }),
    ...(thread.context === undefined ? {} : { context: await openJson(cipher, "thread", thread.context) }),
    ...(thread.values === undefined ? {} : { values: await openJson(cipher, "thread", thread.values) }),
    ...(thread.interrupts === undefined ? {} : { interrupts: await openInterrupts(cipher, thread.interrupts) }),
    ...(thread.error === undefined ? {} : { error: await openError(cipher, thread.error) }),
  });
  const openLocked = async (thread: LockedThread | null): Promise<LockedThread | null> =>
    thread && {
      ...thread,
      metadata: await keys.open("thread", thread.metadata),
      config: await openObject(cipher, thread.config),
    };
  const sealTakeOver = async ({ metadata, config, context }: ThreadTakeOver): Promise<ThreadTakeOver> => ({
    metadata: await keys.seal("thread", metadata),
    config: await sealObject(cipher, config),
    context: await sealUnlessNull(cipher, context, "context"),
  });
  const check = async ({ metadata, values }: ThreadFilter): Promise<void> => {
    await keys.mustNotFilter("thread", metadata);
    if (values !== undefined && Object.keys(values).length > 0) throw notFilterable("values");
  };

  return overlay(threads, {
    async insert(thread) {
      const { config } = thread;
      return open(
        await threads.insert({
          ...thread,
          metadata: await keys.seal("thread", thread.metadata),
          ...(config === undefined ? {} : { config: await sealObject(cipher, config) }),
        }),
      );
    },
    async insertBusy(many) {
      await threads.insertBusy(
        await Promise.all(
          many.map(async (thread) => ({
            ...thread,
            metadata: await keys.seal("thread", thread.metadata),
            takeOver: await sealTakeOver(thread.takeOver),
          })),
        ),
      );
    },
    async get(id, scope) {
      return open(await threads.get(id, scope));
    },
    async peek(id, scope) {
      return openLocked(await threads.peek(id, scope));
    },
    async valuesOf(id) {
      return openJson(cipher, "thread", await threads.valuesOf(id));
    },
    async lock(id, scope) {
      return openLocked(await threads.lock(id, scope));
    },
    async search(query, scope) {
      await check(query);
      const { extract = [], select, ...rest } = query;
      const here = extract.filter(
        (part) => SEALED_FIELDS.has(part.field) || (part.field === "metadata" && jsonKeys.size > 0),
      );
      const wanted = select && here.length > 0 ? [...new Set([...select, ...here.map(({ field }) => field)])] : select;
      const page = await threads.search(
        {
          ...rest,
          ...(wanted === undefined ? {} : { select: wanted }),
          extract: extract.filter((part) => !here.includes(part)),
        },
        scope,
      );
      const found = await Promise.all(page.items.map((thread) => openThread(thread)));
      return { ...page, items: here.length === 0 ? found : found.map((thread) => extracted(thread, here, select)) };
    },
    async count(filter, scope) {
      await check(filter);
      return threads.count(filter, scope);
    },
    async patch(id, patch, scope) {
      return open(await threads.patch(id, { ...patch, metadata: await keys.seal("thread", patch.metadata) }, scope));
    },
    async copy(from, to, scope) {
      return open(await threads.copy(from, { ...to, metadata: await keys.seal("thread", to.metadata) }, scope));
    },
    async markBusy(id, takeOver) {
      await threads.markBusy(id, takeOver && (await sealTakeOver(takeOver)));
    },
    async saveState(id, snapshot, status) {
      return threads.saveState(id, await sealSnapshot(cipher, snapshot), status);
    },
  });
}

export const sealSnapshot = async (
  cipher: Cipher,
  { values, interrupts }: ThreadSnapshot,
): Promise<ThreadSnapshot> => ({
  values: await sealUnlessNull(cipher, values, "values"),
  interrupts: await eachInterrupt(interrupts, (value) => sealJson(cipher, "thread", value, "interrupts")),
});

export async function sealError(cipher: Cipher, error: GraphError | null): Promise<GraphError | null> {
  if (error === null || !cipher.seals) return error;
  try {
    return { ...error, message: JSON.stringify(await sealJson(cipher, "thread", error.message, "error")) };
  } catch (error_) {
    // That the encryption fails is what there is to tell, in our own words, and it cannot be encrypted.
    if (error_ instanceof EncryptionFailed && error_.name === error.error) return error;
    throw error_;
  }
}

export const renewError = async (cipher: Cipher, error: GraphError | null): Promise<GraphError | null> => {
  if (!error?.message.startsWith(SEALED_MESSAGE)) return sealError(cipher, error);
  const stored = JSON.parse(error.message) as Json;
  const renewed = await renewJson(cipher, "thread", stored, "error");
  if (renewed === stored) return error;
  return { ...error, message: typeof renewed === "string" ? renewed : JSON.stringify(renewed) };
};

export const openError = async (cipher: Cipher, error: GraphError | null): Promise<GraphError | null> => {
  if (!error?.message.startsWith(SEALED_MESSAGE)) return error;
  const message = await openJson(cipher, "thread", JSON.parse(error.message) as Json);
  return { ...error, message: typeof message === "string" ? message : JSON.stringify(message) };
};

const SEALED_MESSAGE = '{"$sealed":"';

export const renewInterrupts = (cipher: Cipher, interrupts: Interrupts): Promise<Interrupts> =>
  eachInterrupt(interrupts, (value) => renewJson(cipher, "thread", value, "interrupts"));

const openInterrupts = (cipher: Cipher, interrupts: Interrupts): Promise<Interrupts> =>
  eachInterrupt(interrupts, (value) => openJson(cipher, "thread", value));

async function eachInterrupt(interrupts: Interrupts, change: (value: Json) => Promise<Json>): Promise<Interrupts> {
  const changed = Object.entries(interrupts).map(
    async ([task, asked]) =>
      [task, await Promise.all(asked.map(async (one) => ({ ...one, value: await change(one.value) })))] as const,
  );
  return Object.fromEntries(await Promise.all(changed));
}

/** Null stays null: it says that there are none. */
const sealUnlessNull = async (cipher: Cipher, value: Json, field: string): Promise<Json> =>
  value === null ? null : sealJson(cipher, "thread", value, field);

const sealObject = async (cipher: Cipher, object: JsonObject): Promise<JsonObject> =>
  Object.keys(object).length === 0 ? object : objectOrEmpty(await sealJson(cipher, "thread", object, "config"));

const openObject = async (cipher: Cipher, object: JsonObject): Promise<JsonObject> =>
  objectOrEmpty(await openJson(cipher, "thread", object));

/** A found thread with the parts that the database could not give, and without the columns that only they needed. */
function extracted(
  thread: FoundThread,
  parts: readonly ThreadExtract[],
  select: readonly ThreadField[] | undefined,
): FoundThread {
  const found = Object.fromEntries(
    parts.map(({ alias, field, path }) => [alias, partAt((thread as Readonly<Record<string, Json>>)[field], path)]),
  );
  const all = { ...thread, extracted: { ...thread.extracted, ...found } };
  if (select === undefined) return all;
  const unwanted = parts.map(({ field }) => field).filter((field) => !select.includes(field));
  return Object.fromEntries(Object.entries(all).filter(([name]) => !unwanted.some((field) => field === name)));
}

/** As the database does it: names into objects, indices into lists, from the end when negative; null when not there. */
function partAt(value: Json | undefined, path: readonly string[]): Json {
  let part = value;
  for (const step of path) {
    if (Array.isArray(part)) part = (part as readonly Json[]).at(/^-?\d+$/.test(step) ? Number(step) : Number.NaN);
    else part = isObject(part) && Object.hasOwn(part, step) ? part[step] : undefined;
  }
  return part ?? null;
}
