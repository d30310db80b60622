import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { Client } from "@langchain/langgraph-sdk";
import { Redis } from "ioredis";
import { describeFleet, repositoryPath, TestFleet } from "./support/fleet.js";
import { keysWith, tablesWith } from "./support/find-text.js";
import { Served } from "./support/served.js";
import { collect, eventually } from "./support/wait.js";

const OLD_KEY = "a".repeat(32);
const NEW_KEY = `hex:${"0f".repeat(32)}`;
const CLI = repositoryPath("packages/cli/dist/main.js");
const redisUri = () => process.env.TEST_REDIS_URI ?? "";

describeFleet("encryption at rest", () => {
  let fleet: TestFleet;
  const secret = `canary-${randomUUID()}`;

  beforeAll(async () => {
    fleet = await TestFleet.start({
      config: "tests/projects/encryption/langgraph.json",
      workers: 1,
      env: { LANGGRAPH_AES_KEY: OLD_KEY, LANGGRAPH_AES_JSON_KEYS: "note" },
    });
  });
  afterAll(() => fleet?.stop());

  const restart = async (env: Readonly<Record<string, string>>) => {
    const { api, workers, schedulers } = fleet;
    await Promise.all([api, workers, schedulers].flatMap((all) => all.splice(0)).map((child) => child.stop(15_000)));
    await Promise.all([fleet.startApi(env), fleet.startWorker(env), fleet.startScheduler(env)]);
  };
  const input = (mode: string) => ({ input: { secret, mode }, config: { configurable: { about: "x" } } });

  test("nobody finds in Postgres or Redis what users wrote, and users find all of it", async () => {
    const { client } = fleet;
    const { thread_id: asked } = await client.threads.create({ metadata: { note: secret, kind: "chat" } });
    const { thread_id: failed } = await client.threads.create();
    const said = await collect(
      client.runs.stream(asked, "agent", {
        ...input("ask"),
        context: { words: secret },
        metadata: { note: secret },
        streamMode: ["values", "custom", "updates"],
        streamResumable: true,
      }),
    );
    await client.runs.wait(failed, "agent", { ...input("fail"), raiseError: false });
    const { cron_id: cron } = await client.crons.createForThread(asked, "agent", {
      schedule: "0 0 1 1 *",
      input: { secret, mode: "rest" },
      metadata: { note: secret },
    });
    const { assistant_id: assistant } = await client.assistants.create({
      graphId: "agent",
      metadata: { note: secret },
      context: { note: secret },
    });

    expect(await tablesWith(fleet.sql, secret)).toEqual([]);
    expect(await keysWith(redisUri(), secret)).toEqual([]);

    expect(said.filter(({ event }) => event === "custom").map(({ data }) => data)).toEqual([{ told: secret }]);
    const thread = await client.threads.get(asked);
    expect(thread).toMatchObject({
      status: "interrupted",
      metadata: { note: secret, kind: "chat" },
      values: { secret, heard: `heard ${secret}` },
    });
    expect(Object.values(thread.interrupts).flat()).toMatchObject([{ value: { question: secret } }]);
    expect((await client.threads.getState(asked)).values).toMatchObject({ secret });
    const [run] = await client.runs.list(asked);
    expect(run).toMatchObject({
      metadata: { note: secret },
      kwargs: { input: { secret }, context: { words: secret } },
    });
    // The client's type leaves the error out.
    expect((await client.threads.get(failed)) as unknown).toMatchObject({
      status: "error",
      error: { error: "TypeError", message: `no way to ${secret}` },
    });
    expect((await client.store.getItem(["notes"], "last"))?.value).toEqual({ note: secret, kind: "plain" });
    expect(await client.assistants.get(assistant)).toMatchObject({
      metadata: { note: secret },
      context: { note: secret },
    });
    const crons = await client.crons.search({ threadId: asked });
    expect(crons).toMatchObject([{ cron_id: cron, metadata: { note: secret }, payload: { input: { secret } } }]);
    const joined = await collect(client.runs.joinStream(asked, run!.run_id, { lastEventId: "-1" }));
    expect(JSON.stringify(joined)).toContain(secret);
  });

  test("what is not encrypted is found, so the search above finds something", async () => {
    const open = `open-${randomUUID()}`;
    await fleet.client.threads.create({ metadata: { kind: open } });
    expect(await tablesWith(fleet.sql, open)).toEqual(["threads"]);
    const redis = new Redis(redisUri());
    const key = `open:${randomUUID()}`;
    await redis.xadd(key, "*", "data", open);
    expect(await keysWith(redisUri(), open)).toEqual([key]);
    await redis.del(key);
    redis.disconnect();
  });

  test("refuses to filter by what is encrypted, and filters by the rest", async () => {
    const { client } = fleet;
    for (const refused of [
      client.threads.search({ metadata: { note: secret } }),
      client.threads.search({ values: { secret } }),
      client.assistants.search({ metadata: { note: secret } }),
      client.store.searchItems(["notes"], { filter: { note: secret } }),
    ]) {
      await expect(refused).rejects.toMatchObject({ status: 422, message: expect.stringContaining("is encrypted") });
    }
    const found = await client.threads.search({
      metadata: { kind: "chat" },
      select: ["thread_id"],
      extract: { said: "values.heard", asked: "interrupts" },
    });
    expect(found).toMatchObject([{ extracted: { said: `heard ${secret}` } }]);
    expect(found[0]).not.toHaveProperty("values");
    const items = await client.store.searchItems(["notes"], { filter: { kind: "plain" } });
    expect(items.items.map(({ value }) => value)).toEqual([{ note: secret, kind: "plain" }]);
  });

  test("goes on with a new key where the old one left off", async () => {
    const [thread] = await fleet.client.threads.search({ metadata: { kind: "chat" } });
    const id = thread!.thread_id;
    await restart({ LANGGRAPH_AES_KEY: NEW_KEY, LANGGRAPH_AES_FALLBACK_KEYS: OLD_KEY });
    expect((await fleet.client.threads.get(id)).metadata).toMatchObject({ note: secret });

    const values = await fleet.client.runs.wait(id, "agent", { command: { resume: "yes" } });
    expect(values).toMatchObject({ secret, heard: "answered yes" });
    expect(await fleet.client.threads.getHistory(id)).not.toHaveLength(0);
    expect(await tablesWith(fleet.sql, secret)).toEqual([]);
  });

  test("drops the older key when everything has the new one", async () => {
    const done = await promisify(execFile)(process.execPath, [CLI, "encrypt", "--json"], {
      cwd: tmpdir(),
      env: {
        PATH: process.env.PATH,
        DATABASE_URI: fleet.sql.options.connectionString,
        LANGGRAPH_AES_KEY: NEW_KEY,
        LANGGRAPH_AES_FALLBACK_KEYS: OLD_KEY,
        LANGGRAPH_AES_JSON_KEYS: "note",
      },
    });
    expect(JSON.parse(done.stdout)).toMatchObject({ done: true, next: null });
    expect(done.stderr).toMatch(/checkpoint_blobs +[1-9]\d* of \d+ rows written/);

    await restart({ LANGGRAPH_AES_KEY: NEW_KEY });
    const { client } = fleet;
    const [thread] = await client.threads.search({ metadata: { kind: "chat" } });
    expect(thread).toMatchObject({ metadata: { note: secret }, values: { secret } });
    const history = await client.threads.getHistory(thread!.thread_id, { limit: 100 });
    expect(history.at(0)?.values).toMatchObject({ secret });
    expect(await client.runs.list(thread!.thread_id)).toHaveLength(2);
    expect(await client.crons.search({ threadId: thread!.thread_id })).toMatchObject([{ metadata: { note: secret } }]);
    expect(await tablesWith(fleet.sql, secret)).toEqual([]);
  });

  describe("with handlers of the project", () => {
    const ENV = {
      GRAPHFLEET_CONFIG: repositoryPath("tests/projects/encryption/handlers.json"),
      LANGGRAPH_AES_KEY: NEW_KEY,
    };
    const asking = (tenant: string) =>
      new Client({
        apiUrl: fleet.url,
        callerOptions: { maxRetries: 0 },
        defaultHeaders: {
          "X-Encryption-Context": Buffer.from(JSON.stringify({ tenant })).toString("base64"),
          Accept: "application/json",
        },
      });
    const METADATA = { tenant: "acme", by: "anybody" };
    beforeAll(() => restart(ENV));

    test("each tenant has keys of its own, in API, workers and scheduler", async () => {
      const acme = asking("acme");
      const { thread_id: id } = await acme.threads.create({ metadata: { note: secret, kind: "handled" } });
      const asked = await acme.runs.create(id, "agent", { ...input("ask"), metadata: { note: secret } });
      await acme.runs.join(id, asked.run_id);
      const { cron_id: cron } = await acme.crons.create("agent", {
        schedule: "* * * * * *",
        onRunCompleted: "keep",
        input: { secret, mode: "rest" },
        metadata: { kind: "from a cron" },
      });

      // Whoever reads need not say for whom.
      const { client } = fleet;
      expect(await client.threads.get(id)).toMatchObject({
        status: "interrupted",
        metadata: { note: secret },
        values: { secret, heard: `heard ${secret}` },
      });
      expect((await client.threads.getState(id)).values).toMatchObject({ secret });
      expect(await client.threads.search({ metadata: { kind: "handled" } })).toHaveLength(1);
      await expect(acme.threads.search({ metadata: { note: secret } })).rejects.toMatchObject({ status: 422 });
      const joined = await collect(client.runs.joinStream(id, asked.run_id, { lastEventId: "-1" }));
      expect(JSON.stringify(joined)).toContain(secret);
      expect(await client.runs.wait(id, "agent", { command: { resume: "yes" } })).toMatchObject({
        heard: "answered yes",
      });

      const [fired] = await eventually(
        () => client.threads.search({ metadata: { kind: "from a cron" }, status: "idle" }),
        (found) => found.length > 0,
      );
      await acme.crons.delete(cron);
      for (const [run, thread] of [
        [asked.run_id, id],
        [null, fired?.thread_id],
      ]) {
        const { rows } = await fleet.sql.query<{ input: object; blobs: string[] }>(
          `select r.spec -> 'input' -> '$with' -> 'metadata' as input,
             (select array_agg(encode(b.blob, 'hex')) from checkpoint_blobs b
              where b.thread_id = r.thread_id::text and b.type like '%sealed') as blobs
           from runs r where r.thread_id = $1 and r.run_id = coalesce($2, r.run_id)`,
          [thread, run],
        );
        expect(rows.map((row) => row.input)).toEqual([METADATA]);
        expect(rows[0]?.blobs.join()).toContain(Buffer.from(JSON.stringify(METADATA)).toString("hex"));
      }
      expect(await tablesWith(fleet.sql, secret)).toEqual([]);
      expect(await keysWith(redisUri(), secret)).toEqual([]);
    });

    test("what was encrypted with a key of the server is read beside it", async () => {
      const [thread] = await fleet.client.threads.search({ metadata: { kind: "chat" } });
      expect(thread).toMatchObject({ metadata: { note: secret }, values: { secret } });
    });

    test("a handler that fails is told of, and what it was given is not", async () => {
      const before = fleet.said().length;
      await expect(asking("stranger").threads.create({ metadata: { note: secret } })).rejects.toMatchObject({
        status: 500,
        message: expect.stringContaining("encrypt.json of the project's encryption failed for a thread's metadata"),
      });
      const refused = await fetch(`${fleet.url}/threads`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-encryption-context": "[]" },
        body: "{}",
      });
      expect(refused.status).toBe(422);

      const acme = asking("acme");
      const { thread_id: id } = await acme.threads.create();
      const run = await acme.runs.create(id, "agent", { input: { secret: `poison ${secret}`, mode: "rest" } });
      await acme.runs.join(id, run.run_id);
      expect(await acme.runs.get(id, run.run_id)).toMatchObject({ status: "error" });
      expect((await acme.threads.get(id)) as unknown).toMatchObject({
        status: "error",
        error: {
          error: "EncryptionFailed",
          message: "encrypt.blob of the project's encryption failed for a checkpoint",
        },
      });
      expect(fleet.said().slice(before)).not.toContain(secret);
    });
  });

  test("says which key is missing, and nothing of what it locks", async () => {
    const [thread] = await fleet.client.threads.search({ metadata: { kind: "chat" } });
    await restart({ LANGGRAPH_AES_KEY: OLD_KEY });
    const { status, text } = await fetch(`${fleet.url}/threads/${thread!.thread_id}`).then(async (answer) => ({
      status: answer.status,
      text: await answer.text(),
    }));
    expect(status).toBe(500);
    expect(text).not.toContain(secret);
    await eventually(
      async () => fleet.said(),
      (said) => /A thread cannot be decrypted: it was encrypted with key [0-9a-f]{8}/.test(said),
    );
    expect(fleet.said()).not.toContain(OLD_KEY);
  });
});

test("handlers encrypt in one process as well", async () => {
  const served = await Served.start(repositoryPath("tests/projects/encryption/handlers.json"), tmpdir());
  try {
    const asking = (tenant: string) =>
      new Client({
        apiUrl: served.url,
        callerOptions: { maxRetries: 0 },
        defaultHeaders: { "X-Encryption-Context": Buffer.from(JSON.stringify({ tenant })).toString("base64") },
      });
    const { thread_id: id } = await asking("acme").threads.create({ metadata: { note: "x", kind: "chat" } });
    await asking("acme").runs.wait(id, "agent", { input: { secret: "x", mode: "rest" } });
    expect(await served.client.threads.get(id)).toMatchObject({
      metadata: { note: "x" },
      values: { heard: "heard x" },
    });
    await expect(served.client.threads.search({ metadata: { note: "x" } })).rejects.toMatchObject({ status: 422 });
    await expect(asking("stranger").threads.create({ metadata: { note: "x" } })).rejects.toMatchObject({ status: 500 });
  } finally {
    await served.stop();
  }
});
