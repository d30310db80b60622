import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { freePort } from "@graphfleet/embedded";
import { Client } from "@langchain/langgraph-sdk";
import { repositoryPath } from "./support/fleet.js";
import { eventually } from "./support/wait.js";
import { Receiver } from "./support/webhook-receiver.js";

/** `graphfleet start` as a person uses it: a command, its words, its exit code. */
class Start {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  said = "";

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [repositoryPath("packages/cli/dist/main.js"), "start", ...args], {
      env: { ...process.env, NODE_OPTIONS: undefined, DATABASE_URI: undefined, REDIS_URI: undefined, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.said += text;
      });
    }
    this.exited = once(this.child, "exit").then(([code]) => code as number | null);
  }

  async ready(): Promise<void> {
    const failed = this.exited.then((code) => {
      throw new Error(`exited with ${code}:\n${this.said}`);
    });
    failed.catch(() => undefined);
    await Promise.race([
      eventually(
        async () => this.said,
        (said) => said.includes("Ctrl-C stops everything"),
        { withinMs: 60_000 },
      ),
      failed,
    ]);
  }

  async stop(signal: NodeJS.Signals = "SIGINT"): Promise<number | null> {
    this.child.kill(signal);
    return await this.exited;
  }
}

const hello = { input: { messages: [{ role: "user", content: "hello" }] } };

describe("graphfleet start", () => {
  const folders: string[] = [];
  const starts: Start[] = [];

  function start(args: readonly string[], env?: Readonly<Record<string, string>>): Start {
    const one = new Start(args, env);
    starts.push(one);
    return one;
  }

  function dataDir(): string {
    const folder = mkdtempSync(join(tmpdir(), "graphfleet-start-"));
    folders.push(folder);
    return folder;
  }

  afterAll(async () => {
    await Promise.all(
      starts.filter(({ child }) => child.exitCode === null && child.signalCode === null).map((one) => one.stop()),
    );
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  test("serves the examples, keeps data over a stop, and recovers from kill -9", async () => {
    const folder = dataDir();
    const port = String(await freePort());
    const args = ["--data-dir", folder, "--port", port, "--workers", "1"];
    const client = new Client({ apiUrl: `http://127.0.0.1:${port}` });

    const first = start(args);
    await first.ready();
    expect(first.said).toContain(`http://localhost:${port}`);
    const { thread_id } = await client.threads.create();
    await client.runs.wait(thread_id, "echo", hello);
    expect(await first.stop()).toBe(0);
    await expect(fetch(`http://127.0.0.1:${port}/ok`)).rejects.toThrow("fetch failed");

    const second = start(args);
    await second.ready();
    expect((await client.threads.get(thread_id)).status).toBe("idle");
    await second.stop("SIGKILL");
    await eventually(
      () =>
        fetch(`http://127.0.0.1:${port}/ok`).then(
          () => true,
          () => false,
        ),
      (listening) => !listening,
    );

    const third = start(args);
    await third.ready();
    await client.runs.wait(thread_id, "echo", hello);
    expect(((await client.threads.get(thread_id)).values as { messages: unknown[] }).messages).toHaveLength(4);
    expect(await third.stop()).toBe(0);
  });

  test("needs no Redis: one process does it all", async () => {
    const port = String(await freePort());
    const receiver = await Receiver.start();
    const folder = dataDir();
    writeFileSync(join(folder, "keys"), "from a file\n");
    const one = start(
      ["--data-dir", folder, "--port", port, "--one-process", "--config", "tests/graphs/langgraph.json"],
      { WEBHOOK_ALLOWED_NETWORKS: "127.0.0.1/32", WEBHOOK_SIGNING_KEYS_FILE: join(folder, "keys") },
    );
    await one.ready();
    const client = new Client({ apiUrl: `http://127.0.0.1:${port}` });

    const events = [];
    for await (const { event } of client.runs.stream(null, "tokens", {
      input: { count: 3 },
      webhook: receiver.at("/hook"),
      streamMode: "messages-tuple",
    }))
      events.push(event);

    expect(events[0]).toBe("metadata");
    expect(events.filter((event) => event === "messages").length).toBeGreaterThanOrEqual(3);
    // The SDK types a created cron as a run; it is what the server answers.
    const { cron_id } = (await client.crons.create("echo", {
      schedule: "* * * * * *",
      input: hello.input,
      onRunCompleted: "keep",
    })) as unknown as { readonly cron_id: string };
    await eventually(
      () => client.threads.search({ metadata: { cron_id } }),
      (threads) => threads.some(({ status }) => status === "idle"),
    );
    expect(one.said).toContain("one process");
    const [told] = await receiver.next("/hook");
    const { "x-graphfleet-signature": signature = "", "x-graphfleet-delivery": id } = told!.headers;
    const signed = `${/^t=(\d+),/.exec(String(signature))?.[1]}.${String(id)}.${told!.body.toString()}`;
    expect(signature).toContain(`v1=${createHmac("sha256", "from a file").update(signed).digest("hex")}`);
    expect(await one.stop()).toBe(0);
    await receiver.stop();
  });

  test.each([
    ["a missing langgraph.json", 1, ["--config", "nowhere/langgraph.json"], /nowhere\/langgraph\.json/],
    ["broken JSON", 1, ["--config", "tests/projects/broken-json/langgraph.json"], /JSON/],
    ["no graphs", 1, ["--config", "tests/projects/no-graphs/langgraph.json"], /graph/],
    ["a bad port", 1, ["--port", "eighty"], /--port must be a whole number/],
    ["an unknown option", 2, ["--wrong"], /--wrong/],
  ])("%s: one sentence and exit code %i, before anything is started", async (_what, code, args, words) => {
    const one = start(["--data-dir", dataDir(), ...args]);

    expect(await one.exited).toBe(code);
    expect(one.said).toMatch(words);
    expect(one.said).not.toMatch(/^\s+at /m);
  });

  test("a port that is in use is named", async () => {
    const server = createServer().listen(await freePort(), "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };

    const one = start(["--data-dir", dataDir(), "--port", String(port)]);

    expect(await one.exited).toBe(1);
    expect(one.said).toContain(`Port ${port} is in use`);
    server.close();
  });

  test("a database that cannot be reached is named, without its password", async () => {
    const port = await freePort();
    const one = start(["--data-dir", dataDir(), "--port", String(await freePort())], {
      DATABASE_URI: `postgresql://me:secret@127.0.0.1:${port}/db`,
    });

    expect(await one.exited).toBe(1);
    expect(one.said).toContain(`127.0.0.1:${port}`);
    expect(one.said).not.toContain("secret");
  });

  test.each([
    ["throws on import", "throws-on-import", /graph\.ts/],
    ["is not there", "missing-file", /not|exist|found/],
    ["has no such export", "unknown-export", /export/],
  ])("a project whose only graph %s does not start, and says why", async (_what, project, words) => {
    const port = String(await freePort());
    const one = start([
      "--data-dir",
      dataDir(),
      "--port",
      port,
      "--one-process",
      "--config",
      `tests/projects/${project}/langgraph.json`,
    ]);

    expect(await one.exited).toBe(1);
    expect(one.said).toMatch(words);
  });
});
