import { aCron, anAssistant, assistantId, countingIds, cronId, LONG_AGO, threadId } from "../../test/facts.js";
import { fakeLedger, fakeSignals, silent } from "../../test/fakes.js";
import { allowAll, type Authorizer } from "../auth/authorizer.js";
import type { Encryption } from "../encryption/cipher.js";
import type { EncryptionHandlers } from "../encryption/handlers.js";
import { openEncryption } from "../encryption/open-encryption.js";
import { sealJson } from "../encryption/sealed-json.js";
import { sealedKeys } from "../encryption/sealed-keys.js";
import { sealedStorage } from "../encryption/sealed-storage.js";
import { type CronOutcome, makeFireCrons } from "./fire-crons.js";

const later = (seconds: number) => new Date(LONG_AGO.getTime() + seconds * 1000);
const SETTINGS = { key: undefined, fallbackKeys: "", legacyKey: undefined, jsonKeys: "note" };
const aes = (letter: string) => openEncryption({ ...SETTINGS, key: letter.repeat(32) })!;
/** Ours, and that of whoever wrote what we cannot read. */
const [here, elsewhere] = [aes("h"), aes("e")];

/** Handlers whose key server knows our key only. */
const refusing = (): EncryptionHandlers => ({
  encrypt: { blob: (_context, plain) => plain },
  decrypt: {
    blob: (_context, sealed) => {
      if (Buffer.from(sealed).includes("foreign")) throw new Error("who is that?");
      return sealed;
    },
  },
});
const withHandlers = openEncryption(SETTINGS, refusing())!;

const payload = (name: string) => ({ input: { name }, config: {}, context: null, command: null });
const template = async ({ cipher }: Encryption, name: string) => ({
  ...aCron().template,
  input: await sealJson(cipher, "cron", payload(name), "payload"),
});

/** Asks the project's code, so what is due is looked at before the transaction as well. */
const asking: Authorizer = { authorize: (caller, event, value) => allowAll.authorize(caller, event, value) };

/** Which cron, and why. */
const told = (fields: object): string =>
  "cron_id" in fields && "err" in fields ? `${String(fields.cron_id)}: ${String(fields.err)}` : "";

function setUp(encryption: Encryption, authorizer = allowAll) {
  const ledger = fakeLedger();
  ledger.addAssistant(anAssistant());
  ledger.time = later(10);
  const outcomes: CronOutcome[] = [];
  const lines: string[] = [];
  const fireCrons = makeFireCrons({
    storage: sealedStorage(ledger, encryption),
    authorizer,
    signals: fakeSignals(),
    ids: countingIds(),
    log: { ...silent, warn: (fields, message) => void lines.push(`${message}: ${told(fields)}`) },
    observe: (outcome) => void outcomes.push(outcome),
  });
  const add = (...given: Parameters<typeof aCron>) => {
    const cron = aCron(...given);
    ledger.rows.crons.set(cron.id, cron);
  };
  const firedFor = () => [...ledger.rows.runs.values()].map(({ metadata }) => metadata["cron_id"]);
  const nextMoments = () => [...ledger.rows.crons.values()].map(({ nextRunAt }) => nextRunAt);
  return { ledger, outcomes, lines, fireCrons, add, firedFor, nextMoments };
}

describe.each([
  ["whose key is missing", here, elsewhere, "it was encrypted with key"],
  ["that a handler refuses", withHandlers, withHandlers, "decrypt.blob of the project's encryption failed"],
] as const)("a cron %s", (_what, ours, theirs, reason) => {
  test.each([
    ["all may do everything", allowAll],
    ["the project is asked", asking],
  ])("is refused its moment, and the others fire, where %s", async (_who, authorizer) => {
    const { ledger, outcomes, lines, fireCrons, add, firedFor, nextMoments } = setUp(ours, authorizer);
    for (const n of [1, 3]) add({ id: cronId(n), template: await template(ours, "ours") });
    add({ id: cronId(2), template: await template(theirs, "foreign") });
    const onThread = { threadId: ledger.addThread().id, onRunCompleted: null };
    add({ ...onThread, id: cronId(4), template: await template(theirs, "foreign") });
    add({ ...onThread, id: cronId(5), template: await template(ours, "ours") });

    expect(await fireCrons(100)).toBe(5);

    expect(new Set(firedFor())).toEqual(new Set([1, 3, 5].map(cronId)));
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(["fired", "fired", "fired", "refused", "refused"]);
    // Both that were asked at the same time may tell of it.
    expect([...new Set(lines)].toSorted()).toEqual(
      [2, 4].map((n) => expect.stringMatching(`a cron could not start its run: ${cronId(n)}: .*${reason}`) as string),
    );
    expect(nextMoments()).toEqual(Array.from({ length: 5 }, () => later(20)));
  });
});

test("one whose assistant cannot be read is refused its moment, and those of others fire", async () => {
  const { ledger, outcomes, lines, fireCrons, add, firedFor } = setUp(here, asking);
  const metadata = await sealedKeys(elsewhere).seal("assistant", { note: "x" });
  ledger.addAssistant(anAssistant({ id: assistantId(2), metadata }));
  add({ id: cronId(1) });
  add({ id: cronId(2), assistantId: assistantId(2) });

  await fireCrons(100);

  expect(firedFor()).toEqual([cronId(1)]);
  expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(["fired", "refused"]);
  expect(new Set(lines)).toEqual(new Set([expect.stringContaining("assistant cannot be decrypted")]));
});

test("what cannot be encrypted when half of it is written leaves nothing behind", async () => {
  const handlers = refusing();
  const encryption = openEncryption(SETTINGS, {
    ...handlers,
    encrypt: {
      blob: (context, plain) => {
        if (context.model === "thread") throw new Error("no key for threads");
        return plain;
      },
    },
  })!;
  const { ledger, outcomes, fireCrons, add, nextMoments } = setUp(encryption);
  ledger.addThread();
  add({ threadId: threadId(1), onRunCompleted: null, template: await template(encryption, "ours") });

  expect(await fireCrons(100)).toBe(1);

  expect(ledger.rows.runs.size).toBe(0);
  expect(outcomes).toMatchObject([{ kind: "refused" }]);
  expect(nextMoments()).toEqual([later(20)]);
});
