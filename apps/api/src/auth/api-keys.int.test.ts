import { createHash } from "node:crypto";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "@graphfleet/testkit";
import { openApi, type TestApi } from "../../test/open-api.js";
import { type ApiKeys, openApiKeys } from "./api-keys.js";
import { openAuth } from "./open-auth.js";

const entry = (name: string, key: string) => `${name}:${createHash("sha256").update(key).digest("hex")}`;

describe("keys in a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "graphfleet-keys-"));
  const file = join(folder, "keys");
  // In one step: half a file holds half the keys.
  const write = (...entries: readonly string[]) => {
    writeFileSync(`${file}.new`, entries.join("\n"));
    renameSync(`${file}.new`, file);
  };
  const told: string[] = [];
  let keys: ApiKeys;
  let api: TestApi;

  beforeAll(async () => {
    const text = entry("ci", "old");
    write(text);
    const log = { ...silentLog, error: (_fields: object, message: string) => void told.push(message) };
    const opened = openApiKeys({ text, file, log, everyMs: 5 });
    if (opened === null) throw new Error("a file means that keys are used");
    keys = opened;
    api = await openApi(openAuth({ project: null, settings: null, keys, studio: false, log: silentLog }));
  });
  afterAll(async () => {
    await keys?.stop();
    await api?.close();
    rmSync(folder, { recursive: true });
  });

  const statusOf = async (key: string) => (await api.call("POST", "/threads/count", {}, { "x-api-key": key })).status;
  const until = async (key: string, status: number): Promise<void> => {
    while ((await statusOf(key)) !== status);
  };

  test("are exchanged under traffic, and nobody with a good key is turned away", async () => {
    const seen: number[] = [];
    const over = new AbortController();
    let inUse = "old";
    const traffic = (async () => {
      while (!over.signal.aborted) seen.push(await statusOf(inUse));
    })();

    write(entry("ci", "old"), "# since today", entry("ci", "new"));
    await until("new", 200);
    inUse = "new";
    const soFar = seen.length;
    // Whoever still had the old one when the new one came has been answered.
    while (seen.length < soFar + 2) await statusOf("new");
    write(entry("ci", "new"));
    await until("old", 401);
    over.abort();
    await traffic;

    expect(new Set(seen)).toEqual(new Set([200]));
  });

  test("stay as they were while the file makes no sense or is away, which is told once", async () => {
    write("no entry");
    while (told.length === 0) await statusOf("new");
    rmSync(file);
    while (told.length === 1) await statusOf("new");
    expect(await statusOf("new")).toBe(200);
    expect(told).toHaveLength(2);

    write(entry("ops", "third"));
    await until("third", 200);
    expect(await statusOf("new")).toBe(401);
  });

  test("an empty file lets nobody in", async () => {
    write("");
    await until("third", 401);
    expect((await api.call("POST", "/threads/count", {})).status).toBe(401);
  });
});
