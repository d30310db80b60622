import { aCron, anAssistant, aRun, assistantId, countingIds, cronId, LONG_AGO, threadId } from "../../test/facts.js";
import { fakeLedger, fakeSignals, silent } from "../../test/fakes.js";
import { allowAll, type Authorizer } from "../auth/authorizer.js";
import { ANONYMOUS } from "../auth/caller.js";
import { type Scope, WHOLE_HOUSE } from "../auth/scope.js";
import { forbidden, unavailable } from "../errors.js";
import type { Cron, NewCron } from "./cron.js";
import { type CronOutcome, makeFireCrons } from "./fire-crons.js";

const later = (seconds: number) => new Date(LONG_AGO.getTime() + seconds * 1000);

function setUp({ authorizer = allowAll, sendsWebhooks = true } = {}) {
  const ledger = fakeLedger();
  ledger.addAssistant(anAssistant());
  const signals = fakeSignals();
  const outcomes: CronOutcome[] = [];
  const fireCrons = makeFireCrons({
    storage: ledger,
    authorizer,
    signals,
    ids: countingIds(),
    sendsWebhooks,
    log: silent,
    observe: (outcome) => void outcomes.push(outcome),
  });
  const addCron = (facts: Partial<NewCron & Cron> = {}) => {
    const cron = aCron(facts);
    ledger.rows.crons.set(cron.id, cron);
  };
  const nextRunAt = () => ledger.rows.crons.get(cronId(1))?.nextRunAt;
  return { ledger, signals, outcomes, fireCrons, addCron, nextRunAt };
}

test("nothing fires before its moment; at it, a run is made for who made the cron", async () => {
  const { ledger, signals, outcomes, fireCrons, addCron, nextRunAt } = setUp();
  const user = { identity: "ann", permissions: ["p"], user: { plan: "a" } };
  const caller = { ...user, headers: { "x-tenant": "t" } };
  addCron({ metadata: { kind: "daily" }, owner: { caller, scope: WHOLE_HOUSE, stamp: { owner: "ann" } } });

  ledger.time = later(9.9);
  expect(await fireCrons(10)).toBe(0);
  ledger.time = later(10);
  expect(await fireCrons(10)).toBe(1);

  expect(ledger.inserted).toMatchObject([
    {
      auth: user,
      metadata: { kind: "daily", owner: "ann", cron_id: cronId(1) },
      priority: 10,
      spec: { input: { n: 1 }, temporary: true, config: { configurable: { "x-tenant": "t", user_id: "ann" } } },
    },
  ]);
  expect(signals.announced).toMatchObject([{ rings: [{ runId: ledger.inserted[0]!.id, priority: 10 }] }]);
  expect(outcomes).toEqual([{ kind: "fired", missed: 0, lateMs: 0 }]);
  expect(nextRunAt()).toEqual(later(20));
});

test.each([true, false])(
  "runs tell their end to the cron's webhook if this server sends any: %s",
  async (sendsWebhooks) => {
    const { ledger, outcomes, fireCrons, addCron } = setUp({ sendsWebhooks });
    addCron();
    const { template } = ledger.rows.crons.get(cronId(1))!;
    addCron({ template: { ...template, webhook: "https://hooks.example.net/" } });

    ledger.time = later(10);
    await fireCrons(10);

    expect(ledger.inserted.map(({ webhook }) => webhook)).toEqual([
      sendsWebhooks ? "https://hooks.example.net/" : null,
    ]);
    expect(outcomes).toMatchObject([{ kind: "fired" }]);
  },
);

test("moments that passed while nobody looked are made up for by one run", async () => {
  const { ledger, outcomes, fireCrons, addCron, nextRunAt } = setUp();
  addCron();

  ledger.time = later(45.5);
  await fireCrons(10);

  expect(ledger.inserted).toHaveLength(1);
  expect(outcomes).toEqual([{ kind: "fired", missed: 3, lateMs: 35_500 }]);
  expect(nextRunAt()).toEqual(later(50));
});

test("a scheduler that was down for long does not count for long", async () => {
  const { ledger, outcomes, fireCrons, addCron, nextRunAt } = setUp();
  addCron();

  ledger.time = later(30 * 24 * 3600 + 5);
  await fireCrons(10);

  expect(outcomes).toMatchObject([{ kind: "fired", missed: 100 }]);
  expect(nextRunAt()).toEqual(later(30 * 24 * 3600 + 10));
});

test("the ledger's clock decides, also when it is set back", async () => {
  const { ledger, fireCrons, addCron, nextRunAt } = setUp();
  addCron();
  ledger.time = later(10);
  await fireCrons(10);

  ledger.time = later(9);
  expect(await fireCrons(10)).toBe(0);
  ledger.time = later(10);
  expect(await fireCrons(10)).toBe(0);

  expect(ledger.inserted).toHaveLength(1);
  expect(nextRunAt()).toEqual(later(20));
});

describe("who a cron's runs are for", () => {
  const ann = { ...ANONYMOUS, identity: "ann" };
  const annsThreads: Scope = { conditions: [{ key: "owner", operator: "eq", value: "ann" }] };

  test("is asked about at each firing, and what is refused is not run", async () => {
    const asked: unknown[] = [];
    const authorizer: Authorizer = {
      authorize: async (caller, event) => {
        asked.push([caller.identity, event]);
        throw forbidden();
      },
    };
    const { ledger, outcomes, fireCrons, addCron } = setUp({ authorizer });
    addCron({ owner: { caller: ann, scope: WHOLE_HOUSE, stamp: {} } });

    ledger.time = later(10);
    await fireCrons(10);

    expect(asked).toEqual([["ann", "threads:create_run"]]);
    expect(ledger.inserted).toEqual([]);
    expect(outcomes).toMatchObject([{ kind: "refused" }]);
  });

  const allowing = (meanwhile: () => Promise<unknown>): Authorizer => ({
    authorize: async (caller, event, value) => {
      await meanwhile();
      return await allowAll.authorize(caller, event, value);
    },
  });

  test("is asked about while nothing is locked: others may write in the meantime", async () => {
    const { ledger, outcomes, fireCrons, addCron } = setUp({
      // The ledger has room for one transaction: in one of its own, this would never come back.
      authorizer: allowing(() => ledger.transaction(async () => undefined)),
    });
    addCron();

    ledger.time = later(10);
    expect(await fireCrons(10)).toBe(1);
    expect(outcomes).toMatchObject([{ kind: "fired" }]);
  });

  test("is asked about again when the cron was changed while they were asked", async () => {
    let asked = 0;
    const { ledger, fireCrons, addCron } = setUp({
      authorizer: allowing(async () => {
        asked += 1;
        if (asked === 1) ledger.meanwhile = () => addCron({ metadata: { changed: true }, updatedAt: later(9) });
      }),
    });
    addCron();

    ledger.time = later(10);
    await fireCrons(10);
    await fireCrons(10);

    expect(asked).toBe(2);
    expect(ledger.inserted).toMatchObject([{ metadata: { changed: true } }]);
  });

  test("is refused when whoever is asked breaks, and the others are not kept", async () => {
    const { ledger, outcomes, fireCrons, addCron } = setUp({
      authorizer: {
        authorize: async (caller, event, value) => {
          if (caller.identity === "ann") throw new TypeError("their mistake");
          return await allowAll.authorize(caller, event, value);
        },
      },
    });
    addCron({ owner: { caller: ann, scope: WHOLE_HOUSE, stamp: {} } });
    addCron({ id: cronId(2) });

    ledger.time = later(10);
    await fireCrons(10);

    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(["fired", "refused"]);
  });

  test("is asked about while others do not answer, however many there are", async () => {
    const asked = new Set<string | null>();
    let sayAllAsked: () => void = () => undefined;
    const allAsked = new Promise<void>((resolve) => {
      sayAllAsked = resolve;
    });
    const { ledger, fireCrons, addCron } = setUp({
      authorizer: {
        authorize: async (caller, event, value) => {
          if (asked.add(caller.identity).size === 80) sayAllAsked();
          if (caller.identity === "user 1") await allAsked;
          return await allowAll.authorize(caller, event, value);
        },
      },
    });
    for (let n = 1; n <= 80; n++)
      addCron({
        id: cronId(n),
        owner: { caller: { ...ANONYMOUS, identity: `user ${n}` }, scope: WHOLE_HOUSE, stamp: {} },
      });

    ledger.time = later(10);
    expect(await fireCrons(100)).toBe(80);
  });

  test("is not asked about any more when the ledger went away", async () => {
    let asked = 0;
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { ledger, fireCrons, addCron } = setUp({
      authorizer: {
        authorize: async (caller, event, value) => {
          asked += 1;
          if (caller.identity === "ann") throw unavailable("The database is gone");
          await answered;
          return await allowAll.authorize(caller, event, value);
        },
      },
    });
    addCron({ owner: { caller: ann, scope: WHOLE_HOUSE, stamp: {} } });
    for (let n = 2; n <= 200; n++) addCron({ id: cronId(n) });

    ledger.time = later(10);
    await expect(fireCrons(250)).rejects.toThrow("The database is gone");
    const askedBefore = asked;
    answer();
    await new Promise(setImmediate);

    expect(asked).toBe(askedBefore);
  });

  test("may run on a thread only as long as it is theirs", async () => {
    const { ledger, outcomes, fireCrons, addCron } = setUp();
    const thread = ledger.addThread({ metadata: { owner: "ann" } });
    addCron({ threadId: thread.id, owner: { caller: ann, scope: annsThreads, stamp: {} } });

    ledger.time = later(10);
    await fireCrons(10);
    expect(ledger.inserted).toHaveLength(1);

    ledger.addThread({ metadata: { owner: "bob" } });
    ledger.time = later(20);
    await fireCrons(10);
    expect(ledger.inserted).toHaveLength(1);
    expect(outcomes.map(({ kind }) => kind)).toEqual(["fired", "refused"]);
  });
});

test("the last moment before the end is the last", async () => {
  const { ledger, fireCrons, addCron, nextRunAt } = setUp();
  addCron({ endTime: later(15) });

  ledger.time = later(12);
  await fireCrons(10);

  expect(ledger.inserted).toHaveLength(1);
  expect(nextRunAt()).toBeNull();
});

test("a run that is kept stays on a thread of its own; one on a thread is not alone there", async () => {
  const { ledger, fireCrons, addCron } = setUp();
  ledger.addThread();
  ledger.addRun(aRun({ status: "running" }));
  addCron({ onRunCompleted: "keep" });
  addCron({ id: cronId(2), threadId: threadId(1), onRunCompleted: null });

  ledger.time = later(10);
  expect(await fireCrons(10)).toBe(2);

  expect(ledger.inserted.map(({ spec }) => spec.temporary)).toEqual([false, false]);
  expect(ledger.inserted.filter((run) => run.threadId === threadId(1))).toHaveLength(1);
});

test("a cron that cannot run goes on with its next moment", async () => {
  const { ledger, outcomes, fireCrons, addCron, nextRunAt } = setUp();
  ledger.addThread();
  ledger.addRun(aRun({ status: "running" }));
  addCron();
  const { template } = ledger.rows.crons.get(cronId(1))!;
  addCron({ threadId: threadId(1), template: { ...template, multitaskStrategy: "reject" } });

  ledger.time = later(10);
  expect(await fireCrons(10)).toBe(1);

  expect(ledger.rows.runs.size).toBe(1);
  expect(ledger.firings.slice(-1)).toMatchObject([{ runId: null }]);
  expect(outcomes).toEqual([{ kind: "refused", missed: 0, lateMs: 0 }]);
  expect(nextRunAt()).toEqual(later(20));
});

test("a cron whose thread is locked waits for another round, and holds up nobody", async () => {
  const { ledger, fireCrons, addCron, nextRunAt } = setUp();
  ledger.addThread();
  addCron({ threadId: threadId(1) });
  addCron({ id: cronId(2) });
  ledger.lockedThread = threadId(1);

  ledger.time = later(10);
  expect(await fireCrons(10)).toBe(1);
  expect(nextRunAt()).toEqual(later(10));

  ledger.lockedThread = null;
  expect(await fireCrons(10)).toBe(1);
});

test("an outage leaves the moment for the next round", async () => {
  const { ledger, fireCrons, addCron, nextRunAt } = setUp();
  addCron();
  ledger.time = later(10);
  const { transaction } = ledger;
  ledger.transaction = (work) =>
    transaction(async (tx) => {
      await work(tx);
      throw unavailable("The database is gone");
    });

  await expect(fireCrons(10)).rejects.toThrow("The database is gone");
  expect(ledger.rows.runs.size).toBe(0);
  expect(nextRunAt()).toEqual(later(10));

  ledger.transaction = transaction;
  expect(await fireCrons(10)).toBe(1);
});

test("one that spoils the transaction does not keep the others from firing", async () => {
  const { ledger, outcomes, fireCrons, addCron } = setUp();
  for (let n = 1; n <= 5; n++) addCron({ id: cronId(n), metadata: { n } });
  const { transaction } = ledger;
  ledger.transaction = (work) =>
    transaction((tx) =>
      work({
        ...tx,
        runs: {
          ...tx.runs,
          insertMany: (runs) =>
            runs.some(({ metadata }) => metadata.n === 3)
              ? Promise.reject(new Error("violates a check"))
              : tx.runs.insertMany(runs),
        },
      }),
    );

  ledger.time = later(10);
  expect(await fireCrons(100)).toBe(5);

  expect(new Set([...ledger.rows.runs.values()].map(({ metadata }) => metadata.n))).toEqual(new Set([1, 2, 4, 5]));
  expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(["fired", "fired", "fired", "fired", "refused"]);
  expect([...ledger.rows.crons.values()].map(({ nextRunAt }) => nextRunAt)).toEqual(
    Array.from({ length: 5 }, () => later(20)),
  );
});

test("a cron without an assistant goes away", async () => {
  const { ledger, fireCrons, addCron } = setUp();
  addCron({ assistantId: assistantId(9) });

  ledger.time = later(10);
  expect(await fireCrons(10)).toBe(0);
  expect(ledger.rows.crons.size).toBe(0);
});

test("a round is bounded", async () => {
  const { ledger, fireCrons, addCron } = setUp();
  for (let n = 1; n <= 5; n++) addCron({ id: cronId(n) });

  ledger.time = later(10);
  expect(await fireCrons(3)).toBe(3);
  expect(await fireCrons(3)).toBe(2);
});
