import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort } from "@graphfleet/embedded";
import { repositoryPath } from "./support/fleet.js";
import { eventually } from "./support/wait.js";

/** A code block of the page, with what its comment says of it. */
interface Step {
  readonly kind: string;
  /** Words that have to come. */
  readonly words: string;
  readonly code: string;
}

const KINDS = ["given", "run", "install", "background", "stop", "docker", "cluster"];
const STEP = /(?:<!-- step: (\w+)(?: "([^"]*)")? -->\n\n)?```(\w+)\n(.*?)```/gs;
const page = readFileSync(repositoryPath("docs/quickstart.md"), "utf8");
const steps: Step[] = [...page.matchAll(STEP)].map(([, kind = "", words = "", , code = ""]) => ({ kind, words, code }));

/** Where packages may be fetched, the page is followed to the letter. */
const isOnline = process.env.CI !== undefined || process.env.QUICKSTART_INSTALL !== undefined;

describe("docs/quickstart.md", () => {
  let folder: string;
  let cwd: string;
  let env: Record<string, string | undefined>;
  let port: number;
  let background: { child: ChildProcess; said: string } | null = null;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "graphfleet-quickstart-"));
    cwd = join(folder, "work");
    port = await freePort();
    const main = repositoryPath("packages/cli/dist/main.js");
    // As bin/graphfleet of a clone that is installed and built, which this one is.
    program("bin", "graphfleet", `exec '${process.execPath}' '${main}' "$@"`);
    program("pretended", "docker", "cat > /dev/null");
    mkdirSync(cwd);
    env = {
      ...process.env,
      NODE_OPTIONS: undefined,
      INIT_CWD: undefined,
      DATABASE_URI: undefined,
      REDIS_URI: undefined,
      PORT: String(port),
      PATH: [join(folder, "bin"), process.env.PATH].join(delimiter),
    };
  });
  afterAll(async () => {
    if (background !== null && background.child.exitCode === null) {
      background.child.kill("SIGINT");
      await once(background.child, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  });

  function program(dir: string, name: string, script: string): void {
    mkdirSync(join(folder, dir), { recursive: true });
    writeFileSync(join(folder, dir, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, dir, name), 0o755);
  }

  /** Runs a block in a shell, where the one before it ended. */
  async function run(code: string, extra: Record<string, string> = {}): Promise<string> {
    const place = join(folder, "place");
    const script = `${code.replaceAll("localhost:8123", `localhost:${port}`)}\nprintf %s "$PWD" > '${place}'\n`;
    const child = spawn("sh", ["-ec", script], { cwd, env: { ...env, ...extra }, stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    const [exitCode] = (await once(child, "close")) as [number | null];
    if (exitCode !== 0) throw new Error(`exit code ${exitCode}:\n${code}\n${said}`);
    cwd = readFileSync(place, "utf8");
    return said;
  }

  async function start(code: string, words: string): Promise<void> {
    const child = spawn("sh", ["-c", `exec ${code}`], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const one = { child, said: "" };
    background = one;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        one.said += text;
      });
    await eventually(
      async () => ({ said: one.said, exitCode: child.exitCode }),
      ({ said, exitCode }) => said.includes(words) || exitCode !== null,
      { withinMs: 90_000 },
    );
    expect(one.said).toContain(words);
  }

  async function stop(): Promise<void> {
    const child = background?.child;
    if (child === undefined) throw new Error("the page stops what it did not start");
    child.kill("SIGINT");
    const [exitCode] = (await once(child, "exit")) as [number | null];
    background = null;
    expect(exitCode).toBe(0);
  }

  const loudly = (what: string, code: string): void =>
    void process.stderr.write(`\n!! docs/quickstart.md: ${what}:\n${code.trim()}\n`);

  async function follow({ kind, words, code }: Step): Promise<void> {
    switch (kind) {
      case "run":
        expect(await run(code)).toContain(words);
        return;
      case "install":
        if (isOnline) {
          await run(code);
        } else {
          loudly("NOT RUN, this repository's packages stand in (QUICKSTART_INSTALL=1 fetches them)", code);
          symlinkSync(repositoryPath("examples/node_modules"), join(cwd, "node_modules"));
        }
        return;
      case "background":
        await start(code.trim(), words);
        return;
      case "stop":
        await stop();
        return;
      case "docker":
        loudly("RUN WITH A PRETENDED DOCKER, nothing is built", code);
        await run(code, { PATH: [join(folder, "pretended"), env["PATH"]].join(delimiter) });
        return;
      default:
        loudly("NOT RUN, only read by a shell", code);
        await run(`sh -n <<'READ'\n${code}\nREAD`);
    }
  }

  test("every block says how it is tested", () => {
    expect(steps.length).toBeGreaterThan(10);
    for (const { kind, code } of steps)
      expect({ code, isKnown: KINDS.includes(kind) }).toEqual({ code, isKnown: true });
  });

  test("the command of a clone can be executed, and knows where it belongs", () => {
    const file = repositoryPath("bin/graphfleet");
    expect(statSync(file).mode & 0o111).not.toBe(0);
    expect(readFileSync(file, "utf8")).toContain('import("../scripts/boot.mjs")');
    expect(existsSync(repositoryPath("scripts/boot.mjs"))).toBe(true);
  });

  test("can be followed from the first step to the last", async () => {
    for (const step of steps) await follow(step);
    expect(background).toBeNull();
    // Three starts and perhaps a download: longer than other tests.
  }, 400_000);
});
