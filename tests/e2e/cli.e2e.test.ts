import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@graphfleet/embedded";
import { Client } from "@langchain/langgraph-sdk";
import { Command } from "./support/command.js";
import { freshDatabase, repositoryPath } from "./support/fleet.js";

let folder: string;
const running: Command[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "graphfleet-cli-"));
});
afterAll(async () => {
  await Promise.all(running.map((one) => one.stop()));
  rmSync(folder, { recursive: true, force: true });
});

function graphfleet(args: readonly string[], cwd = folder, env: Readonly<Record<string, string>> = {}): Command {
  const one = new Command(args, { cwd, env });
  running.push(one);
  return one;
}

async function answerOf(client: Client): Promise<string> {
  const question = { role: "user", content: "What is the weather in Paris?" };
  const { messages } = (await client.runs.wait(null, "agent", { input: { messages: [question] } })) as {
    messages: { content: string }[];
  };
  return messages.at(-1)?.content ?? "";
}

describe("from nothing to a running agent", () => {
  test("new, validate, dev; a save is served, a broken one is told and does no harm, data stays", async () => {
    expect(await graphfleet(["new", "weather"]).exited).toBe(0);
    const project = join(folder, "weather");
    // What npm install would bring.
    symlinkSync(repositoryPath("examples/node_modules"), join(project, "node_modules"));

    const validated = graphfleet(["validate", "--load", "--json"], project);
    expect(await validated.exited).toBe(0);
    expect(JSON.parse(validated.answer)).toMatchObject({
      ok: true,
      graphs: [{ id: "agent", loaded: true }],
      warnings: [],
    });

    const port = await freePort();
    const dev = graphfleet(["dev", "--port", String(port)], project);
    await dev.says("Ctrl-C stops everything");
    const client = new Client({ apiUrl: `http://127.0.0.1:${port}` });
    expect(await answerOf(client)).toBe("I looked it up. Paris: windy, 17 °C.");
    const { thread_id } = await client.threads.create();

    const source = join(project, "src", "rehearsed-model.ts");
    const before = readFileSync(source, "utf8");
    writeFileSync(source, before.replace("I looked it up", "I asked around"));
    await dev.says("reloaded in");
    expect(await answerOf(client)).toBe("I asked around. Paris: windy, 17 °C.");
    expect(await client.threads.get(thread_id)).toMatchObject({ thread_id });

    const broken = join(project, "src", "tools.ts");
    const working = readFileSync(broken, "utf8");
    appendFileSync(broken, "this is no code\n");
    await dev.says("not reloaded");
    expect(dev.said).toContain(`tools.ts:${working.split("\n").length}`);
    expect(await answerOf(client)).toBe("I asked around. Paris: windy, 17 °C.");

    writeFileSync(broken, working.replaceAll("windy", "stormy"));
    await dev.says("reloaded in", 1);
    expect(await answerOf(client)).toBe("I asked around. Paris: stormy, 17 °C.");

    expect(await dev.stop()).toBe(0);
    await expect(fetch(`http://127.0.0.1:${port}/ok`)).rejects.toThrow("fetch failed");
  });

  test.each([
    ["throws-on-import", /tests\/projects\/throws-on-import\/graph\.ts:\d+: graph "/],
    ["missing-file", /\.ts does not exist/],
    ["unknown-export", /has no export "\w+": it exports \w+/],
  ])("validate --load tells why a graph of %s does not load", async (project, words) => {
    const one = graphfleet(["validate", "--load", "-c", `tests/projects/${project}`], repositoryPath(""));

    expect(await one.exited).toBe(1);
    expect(one.said).toMatch(words);
  });

  test("validate --load also loads auth and its like, and ends although a graph's module keeps a timer", async () => {
    const project = mkdtempSync(join(folder, "parts-"));
    writeFileSync(join(project, "graph.mjs"), "setInterval(() => {}, 1000);\nexport const graph = { compile() {} };\n");
    const config = { graphs: { agent: "./graph.mjs:graph" }, auth: { path: "./graph.mjs:graph" } };
    writeFileSync(join(project, "langgraph.json"), JSON.stringify(config));

    const one = graphfleet(["validate", "--load"], project);

    expect(await one.exited).toBe(1);
    expect(one.said).toContain("Auth must be an instance of Auth: ./graph.mjs:graph");
  });
});

test("a reader that leaves first, as head does, breaks no command", async () => {
  const child = spawn(process.execPath, [repositoryPath("packages/cli/dist/main.js"), "--help"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  child.stdout.destroy();

  const [code] = (await once(child, "exit")) as [number | null];
  expect(code).toBe(0);
});

describe("graphfleet doctor and migrate", () => {
  interface Report {
    ok: boolean;
    findings: { check: string; level: string; message: string; fix?: string }[];
  }
  const levelOf = (report: Report, check: string) => report.findings.find((one) => one.check === check)?.level;

  async function doctor(env: Readonly<Record<string, string>>): Promise<{ code: number | null; report: Report }> {
    const args = ["doctor", "--json", "--no-load", "-c", "tests/graphs"];
    const one = graphfleet(args, repositoryPath(""), env);
    return { code: await one.exited, report: JSON.parse(one.answer) as Report };
  }

  test("a database that is reachable and empty needs its migration, then nothing", async () => {
    const database = await freshDatabase();
    const env = { DATABASE_URI: database.uri };

    const before = await doctor(env);
    expect(before).toMatchObject({ code: 0, report: { ok: true } });
    expect(levelOf(before.report, "postgres")).toBe("ok");
    expect(levelOf(before.report, "schema")).toBe("warn");

    expect(await graphfleet(["migrate"], folder, env).exited).toBe(0);
    const status = graphfleet(["migrate", "--status"], folder, env);
    expect(await status.exited).toBe(0);
    expect(status.answer).not.toContain("missing");

    expect(levelOf((await doctor(env)).report, "schema")).toBe("ok");
    await database.drop();
  });

  test("servers that are not there are named, without their passwords, with what to do", async () => {
    const port = await freePort();
    const { code, report } = await doctor({
      DATABASE_URI: `postgres://ada:secret@127.0.0.1:${port}/x`,
      REDIS_URI: `redis://:secret@127.0.0.1:${port}`,
    });

    expect(code).toBe(1);
    expect(report.ok).toBe(false);
    expect(report.findings.filter(({ level }) => level === "fail")).toEqual([
      expect.objectContaining({ check: "postgres", fix: expect.stringContaining("Start the server") }),
      expect.objectContaining({ check: "redis", fix: expect.stringContaining("Start the server") }),
    ]);
    expect(JSON.stringify(report)).not.toContain("secret");
  });
});
