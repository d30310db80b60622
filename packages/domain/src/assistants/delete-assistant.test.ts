import { anAssistant, assistantId, aThread, countingIds, graphs, threadId } from "../../test/facts.js";
import { fakeLedger } from "../../test/fakes.js";
import { allowAll } from "../auth/authorizer.js";
import { ANONYMOUS } from "../auth/caller.js";
import { forbidden, threadNotFound } from "../errors.js";
import type { ThreadId } from "../ids.js";
import { makeManageAssistants } from "./manage-assistants.js";

/** An assistant with so many threads. Deleting one of `kept` fails with `refusal`. */
function setUp({ threads, kept = [], refusal }: { threads: number; kept?: ThreadId[]; refusal?: Error }) {
  const ledger = fakeLedger();
  ledger.addAssistant(anAssistant());
  let left = Array.from({ length: threads }, (_, index) => threadId(index + 1));
  const filters: unknown[] = [];
  let assistantIsThere = true;

  const storage = {
    ...ledger,
    assistants: {
      ...ledger.assistants,
      get: ledger.assistants.get,
      delete: async () => {
        assistantIsThere = false;
        return true;
      },
    },
    threads: {
      ...ledger.threads,
      search: async ({ metadata, limit, offset }: { metadata?: unknown; limit: number; offset: number }) => {
        filters.push(metadata);
        const items = left.slice(offset, offset + limit).map((id) => aThread({ id }));
        return { items, total: left.length };
      },
    },
  };
  const assistants = makeManageAssistants({
    storage,
    authorizer: allowAll,
    graphs: graphs("agent"),
    ids: countingIds(),
    manageThreads: {
      deleteThread: async (id) => {
        if (kept.includes(id)) throw refusal ?? forbidden();
        left = left.filter((other) => other !== id);
      },
    },
  });
  return { assistants, left: () => left, filters, assistantIsThere: () => assistantIsThere };
}

test("all the threads that last ran the assistant go, however many there are", async () => {
  const { assistants, left, filters, assistantIsThere } = setUp({ threads: 250 });

  await assistants.deleteAssistant(assistantId(1), { deleteThreads: true }, ANONYMOUS);

  expect(left()).toEqual([]);
  expect(new Set(filters.map((filter) => JSON.stringify(filter)))).toEqual(
    new Set([JSON.stringify({ assistant_id: assistantId(1) })]),
  );
  expect(assistantIsThere()).toBe(false);
});

test.each([forbidden(), threadNotFound("x")])("what the caller may not delete stays: $code", async (refusal) => {
  const kept = [threadId(1), threadId(120)];
  const { assistants, left } = setUp({ threads: 150, kept, refusal });

  await assistants.deleteAssistant(assistantId(1), { deleteThreads: true }, ANONYMOUS);

  expect(left()).toEqual(kept);
});

test("when a thread cannot be deleted for another reason, the assistant is still there to try again", async () => {
  const outage = new Error("the database went away");
  const { assistants, assistantIsThere } = setUp({ threads: 3, kept: [threadId(2)], refusal: outage });

  await expect(assistants.deleteAssistant(assistantId(1), { deleteThreads: true }, ANONYMOUS)).rejects.toBe(outage);
  expect(assistantIsThere()).toBe(true);
});

test("threads are left alone unless somebody asks, and so are those of an assistant that is not there", async () => {
  const { assistants, left } = setUp({ threads: 3 });

  await expect(assistants.deleteAssistant(assistantId(9), { deleteThreads: true }, ANONYMOUS)).rejects.toMatchObject({
    code: "assistant_not_found",
  });
  await assistants.deleteAssistant(assistantId(1), { deleteThreads: false }, ANONYMOUS);

  expect(left()).toHaveLength(3);
});
