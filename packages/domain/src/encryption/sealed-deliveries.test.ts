import { aSpec, LONG_AGO, runId, threadId } from "../../test/facts.js";
import { fakeLedger } from "../../test/fakes.js";
import { asDeliveryId } from "../ids.js";
import type { ClaimedDelivery } from "../webhooks/delivery.js";
import { CannotDecrypt } from "./cipher.js";
import { EncryptionFailed, type EncryptionHandlers } from "./handlers.js";
import { openEncryption } from "./open-encryption.js";
import { sealJson } from "./sealed-json.js";
import { sealedStorage } from "./sealed-storage.js";

const SETTINGS = { key: undefined, fallbackKeys: "", legacyKey: undefined, jsonKeys: "" };
const aes = (letter: string) => openEncryption({ ...SETTINGS, key: letter.repeat(32) })!;
const withHandlers = (handlers: EncryptionHandlers) => openEncryption(SETTINGS, handlers)!;

const at = LONG_AGO.toISOString();
const claimed = (values: ClaimedDelivery["ended"]["values"]): ClaimedDelivery => ({
  id: asDeliveryId("dddd0000-0000-4000-8000-000000000001"),
  runId: runId(1),
  threadId: threadId(1),
  url: "https://hooks.example.net/",
  fence: 1,
  attempt: 1,
  claims: 1,
  ended: {
    run_id: runId(1),
    thread_id: threadId(1),
    assistant_id: "a",
    status: "success",
    metadata: {},
    multitask_strategy: "enqueue",
    spec: aSpec(),
    created_at: at,
    updated_at: at,
    started_at: null,
    ended_at: at,
    error: null,
    values,
  },
});

const refusing = withHandlers({
  encrypt: { blob: (_context, plain) => plain },
  decrypt: { blob: () => Promise.reject(new Error("no")) },
});

test.each([
  ["whose key is missing", aes("h"), aes("e"), CannotDecrypt, "encrypted with key"],
  ["that a handler refuses", refusing, refusing, EncryptionFailed, "decrypt.blob of the project's encryption failed"],
])("a webhook %s is claimed all the same, and says why", async (_what, encryption, theirs, kind, reason) => {
  const row = claimed(await sealJson(theirs.cipher, "thread", { text: "a canary" }, "values"));
  const ledger = fakeLedger();
  const deliveries = { ...ledger.deliveries, claim: async () => row };

  const claim = await sealedStorage({ ...ledger, deliveries }, encryption).deliveries.claim({ dueSeconds: 0 }, 30);

  expect(claim).toEqual({ ...row, unreadable: expect.any(kind) as Error });
  expect(claim?.unreadable?.message).toContain(reason);
});

test("what a handler with the wrong key gives is not shown", async () => {
  let decrypted: Uint8Array = new Uint8Array();
  const encryption = withHandlers({
    encrypt: { blob: (_context, plain) => plain },
    decrypt: { blob: () => decrypted },
  });
  const row = claimed(await sealJson(encryption.cipher, "thread", { text: "a canary" }, "values"));
  decrypted = new TextEncoder().encode("a canary");
  const ledger = fakeLedger();
  const deliveries = { ...ledger.deliveries, claim: async () => row };

  const claim = await sealedStorage({ ...ledger, deliveries }, encryption).deliveries.claim({ dueSeconds: 0 }, 30);

  expect(claim?.unreadable?.message).toBe("A thread cannot be decrypted: what came of it is no JSON");
});
