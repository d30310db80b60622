import { CannotDecrypt, type Encryption } from "./cipher.js";
import { contextFor, sealingFor } from "./encryption-context.js";
import { type EncryptionHandlers, EncryptionFailed } from "./handlers.js";
import { type EncryptionSettings, openEncryption } from "./open-encryption.js";
import { openJson, sealJson } from "./sealed-json.js";
import { sealedKeys } from "./sealed-keys.js";
import { tenantHandlers } from "../../test/tenant-handlers.js";

const NO_KEYS: EncryptionSettings = { key: undefined, fallbackKeys: "", legacyKey: undefined, jsonKeys: "" };
const AES = { ...NO_KEYS, key: "k".repeat(32) };
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (plain: Uint8Array) => new TextDecoder().decode(plain);
const opened = (handlers: EncryptionHandlers, settings = NO_KEYS): Encryption => {
  const encryption = openEncryption(settings, handlers);
  if (encryption === null) throw new Error("there are handlers");
  return encryption;
};
const acme = <T>(work: () => T): T => sealingFor({ tenant: "acme" }, work);

describe("blobs", () => {
  test("are sealed by the handlers, with the context that is stored along", async () => {
    const { handlers, calls } = tenantHandlers();
    const { cipher } = opened(handlers);
    const sealed = await acme(() => cipher.seal("checkpoint", bytes("a canary")));
    expect(Buffer.from(sealed).includes("canary")).toBe(false);

    const later = await sealingFor({ tenant: "other" }, () => cipher.open("checkpoint", sealed));
    expect(text(later)).toBe("a canary");
    const context = { model: "checkpoint", field: null, metadata: { tenant: "acme" } };
    expect(calls).toEqual([context, context]);
  });

  test("what is sealed in a row costs one call, and so does reading it", async () => {
    const { handlers, calls } = tenantHandlers();
    const { cipher } = opened(handlers);
    const seal = await acme(() => cipher.sealer("tape"));
    const sealed = ["one", "two", "three"].map((word) => seal(bytes(word)));
    expect(calls).toEqual([{ model: "run", field: "stream", metadata: { tenant: "acme" } }]);

    const reader = tenantHandlers();
    const other = opened(reader.handlers).cipher;
    expect(await Promise.all(sealed.map(async (one) => text(await other.open("tape", one))))).toEqual([
      "one",
      "two",
      "three",
    ]);
    expect(reader.calls).toHaveLength(1);
  });

  test("of before there were handlers are opened with their key, and need it", async () => {
    const aes = openEncryption(AES)?.cipher;
    const old = (await aes?.seal("run", bytes("old"))) ?? bytes("");
    const { handlers } = tenantHandlers();
    expect(text(await opened(handlers, AES).cipher.open("run", old))).toBe("old");
    await expect(opened(handlers).cipher.open("run", old)).rejects.toThrow("LANGGRAPH_AES_KEY, which is not set here");

    const sealed = await opened(handlers).cipher.seal("run", bytes("new"));
    await expect(aes?.open("run", sealed)).rejects.toThrow("encryption.path of langgraph.json names none here");
    await expect(opened(handlers).cipher.open("run", bytes("x"))).rejects.toThrow(CannotDecrypt);
    await expect(opened(handlers).cipher.open("run", sealed.subarray(0, 9))).rejects.toThrow("envelope was changed");
  });

  test("are sealed anew when the handler says how", async () => {
    const { handlers } = tenantHandlers();
    const { cipher } = opened(handlers);
    const sealed = await acme(() => cipher.seal("run", bytes("x")));
    expect(await cipher.renew("run", sealed)).toBeNull();

    const rotating: EncryptionHandlers = {
      ...handlers,
      decrypt: { blob: async () => ({ plaintext: bytes("x"), replacement: bytes("better") }) },
    };
    const renewed = await opened({ ...rotating, encrypt: { blob: handlers.encrypt.blob } }).cipher.renew("run", sealed);
    expect(Buffer.from(renewed ?? []).toString()).toContain("better");
    expect(Buffer.from(renewed ?? []).toString()).toContain('"tenant":"acme"');
  });
});

describe("objects", () => {
  test("go to the handlers as they are, and come back", async () => {
    const { handlers, calls } = tenantHandlers();
    const { cipher } = opened(handlers);
    const values = { note: "a canary", kind: "chat" };
    const stored = await acme(() => sealJson(cipher, "thread", values, "values"));
    expect(stored).toEqual({
      $sealed: { note: "v1:acme:yranac a", kind: "chat" },
      $with: { model: "thread", field: "values", metadata: { tenant: "acme" } },
    });
    expect(await openJson(cipher, "thread", stored)).toEqual(values);
    expect(calls).toHaveLength(2);
    const aes = openEncryption(AES)?.cipher;
    await expect(aes && openJson(aes, "thread", stored)).rejects.toThrow(CannotDecrypt);
  });

  test("are sealed as bytes where there are no handlers for them, or no object", async () => {
    const { encrypt, decrypt } = tenantHandlers().handlers;
    const { cipher } = opened({ encrypt: { blob: encrypt.blob }, decrypt: { blob: decrypt.blob } });
    const stored = await sealJson(cipher, "thread", { note: "a canary" }, "values");
    expect(JSON.stringify(stored)).not.toContain("canary");
    expect(await openJson(cipher, "thread", stored)).toEqual({ note: "a canary" });
  });

  test("of which only some keys are sealed stay searchable by the others, also after merges", async () => {
    const { handlers } = tenantHandlers();
    const keys = sealedKeys(opened(handlers));
    const first = await acme(() => keys.seal("thread", { note: "one", kind: "chat", graph_id: "agent", none: null }));
    expect(first).toEqual({
      note: { $sealed: "v1:acme:eno", $with: { model: "thread", field: "metadata", metadata: { tenant: "acme" } } },
      kind: "chat",
      graph_id: "agent",
      none: null,
    });
    const both = sealedKeys(opened(tenantHandlers({ secrets: ["note", "more"] }).handlers));
    const second = await sealingFor({ tenant: "other" }, () => both.seal("thread", { more: "two" }));
    expect(await both.open("thread", { ...first, ...second })).toEqual({
      note: "one",
      more: "two",
      kind: "chat",
      graph_id: "agent",
      none: null,
    });
    await expect(keys.mustNotFilter("thread", { note: "one" })).rejects.toMatchObject({
      code: "invalid_request",
      message: "Cannot filter by metadata.note: it is encrypted",
    });
    await expect(keys.mustNotFilter("thread", { kind: "chat", graph_id: "agent" })).resolves.toBeUndefined();
  });

  test("that only look sealed are sealed, so that they open", async () => {
    for (const encryption of [opened(tenantHandlers().handlers), openEncryption(AES)!]) {
      const keys = sealedKeys(encryption);
      const forged = { a: { $sealed: "AQ==" }, b: { $sealed: 1, $with: {} } };
      expect(await keys.open("item", await keys.seal("item", forged))).toEqual(forged);
    }
  });

  test("are renewed: what is plain, what an older key sealed, and what the handler says", async () => {
    const { handlers } = tenantHandlers();
    const old = sealedKeys(openEncryption({ ...AES, jsonKeys: "note,other" })!);
    const keys = sealedKeys(opened(handlers, AES));
    const stored = { ...(await old.seal("thread", { note: "one", other: "two" })), kind: "chat" };
    const renewed = await keys.renew("thread", stored);
    expect(renewed).toMatchObject({ note: { $sealed: "v1:undefined:eno" }, other: "two", kind: "chat" });
    expect(await keys.renew("thread", renewed)).toBe(renewed);

    const rotating: EncryptionHandlers = {
      ...handlers,
      decrypt: {
        ...handlers.decrypt,
        json: async (_context, sealed) => ({ plaintext: sealed, replacement: { ...sealed, note: "v2:better" } }),
      },
    };
    expect(await sealedKeys(opened(rotating)).renew("thread", renewed)).toMatchObject({
      note: { $sealed: "v2:better" },
      kind: "chat",
    });
  });
});

describe("a handler that fails", () => {
  const broken = (json: NonNullable<EncryptionHandlers["encrypt"]["json"]>): EncryptionHandlers => {
    const { encrypt, decrypt } = tenantHandlers().handlers;
    return { encrypt: { ...encrypt, json }, decrypt };
  };

  test("is named, and what it says is not shown", async () => {
    const keys = sealedKeys(opened(broken((_context, plain) => JSON.parse(plain["note"] as string) as never)));
    const failure: unknown = await keys.seal("thread", { note: "a canary" }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(EncryptionFailed);
    const { code, message, cause } = failure as EncryptionFailed;
    expect(code).toBe("encryption_failed");
    expect(message).toBe("encrypt.json of the project's encryption failed for a thread's metadata");
    expect((cause as Error).stack).toContain("SyntaxError");
    expect((cause as Error).stack).toContain("handler-cipher.test");
    expect(`${(cause as Error).message}${(cause as Error).stack}`).not.toContain("canary");
  });

  test.each([
    ["adds a key", () => ({ note: "x", other: 1 })],
    ["removes a key", () => ({})],
    ["renames a key", () => ({ other: "x" })],
    ["gives no object", () => "x" as never],
  ])("since it %s", async (_what, json) => {
    const keys = sealedKeys(opened(broken(json)));
    await expect(keys.seal("thread", { note: "a canary" })).rejects.toThrow(EncryptionFailed);
  });

  test("since it gives no bytes", async () => {
    const blob = () => "text" as never;
    const { cipher } = opened({ encrypt: { blob }, decrypt: { blob } });
    await expect(cipher.seal("run", bytes("x"))).rejects.toThrow("encrypt.blob of the project's encryption");
  });
});

describe("the context of a request", () => {
  const { handlers } = tenantHandlers();
  const header = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64");
  const ann = { identity: "ann", permissions: [], user: { team: "a" } };

  test("is what the header says, or what the handler makes of it", async () => {
    const { context, ...plain } = handlers;
    expect(await contextFor(plain)?.(header({ tenant: "acme" }), ann)).toEqual({ tenant: "acme" });
    expect(await contextFor(handlers)?.(header({ tenant: "acme" }), ann)).toEqual({ tenant: "acme", by: "ann" });
    expect(await contextFor(handlers)?.(undefined, null)).toEqual({ by: null });
    expect(context).toBeDefined();
    expect(contextFor(null)).toBeNull();
  });

  test.each(["no base64 of JSON", header([1]), header("x")])("is refused when it is none: %s", async (value) => {
    await expect(contextFor(handlers)?.(value, null)).rejects.toMatchObject({
      code: "invalid_request",
      message: "X-Encryption-Context must be a JSON object in base64",
    });
  });

  test("fails with its handler", async () => {
    const failing = contextFor({ ...handlers, context: () => Promise.reject(new Error("a canary")) });
    await expect(failing?.(undefined, null)).rejects.toThrow("context of the project's encryption failed");
  });
});

describe("only reading", () => {
  test("opens what is sealed, and leaves plain what is written", async () => {
    for (const [writer, reader] of [
      [openEncryption(AES)!, openEncryption({ ...AES, mode: "read" })!],
      [opened(tenantHandlers().handlers), openEncryption({ ...NO_KEYS, mode: "read" }, tenantHandlers().handlers)!],
    ] as const) {
      const stored = await sealJson(writer.cipher, "thread", { note: "x" }, "values");
      expect(await openJson(reader.cipher, "thread", stored)).toEqual({ note: "x" });
      expect(await sealJson(reader.cipher, "thread", { note: "x" }, "values")).toEqual({ note: "x" });
      expect(await sealedKeys(reader).seal("thread", { note: "x" })).toEqual({ note: "x" });
    }
  });
});
