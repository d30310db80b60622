import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Child } from "./child.js";
import { Supervisor } from "./supervisor.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "graphfleet-supervisor-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let scripts = 0;
function script(code: string): string {
  const path = join(folder, `script-${(scripts += 1)}.mjs`);
  writeFileSync(path, code);
  return path;
}

const LIVES = 'process.send("ready"); setInterval(() => {}, 1000); process.on("disconnect", () => process.exit(0));';

function collect() {
  let said = "";
  const waiting: (() => void)[] = [];
  return {
    write: (text: string) => {
      said += text;
      for (const check of waiting) check();
    },
    until: (words: string) =>
      new Promise<void>((resolve) => {
        const check = (): void => {
          if (said.includes(words)) resolve();
        };
        waiting.push(check);
        check();
      }),
  };
}

const spec = (name: string, code: string, write: (text: string) => void) => ({
  name,
  script: script(code),
  env: process.env,
  write,
});

describe("Child", () => {
  test("is ready when it says so, and hands on what it writes", async () => {
    const out = collect();
    const child = new Child(spec("one", `console.log("hello"); ${LIVES}`, out.write));

    await child.ready;
    await out.until("hello");
    await child.stop(5000);

    expect(child.alive).toBe(false);
  });

  test("that ends before it was ready tells how", async () => {
    const child = new Child(spec("one", "process.exit(3);", () => undefined));

    await expect(child.ready).rejects.toThrow("one exited with code 3");
  });

  test("that does not want to stop is killed", async () => {
    const child = new Child(spec("deaf", `process.on("SIGTERM", () => {}); ${LIVES}`, () => undefined));
    await child.ready;

    await child.stop(100);

    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
  });
});

describe("Supervisor", () => {
  test("replaces a process that dies", async () => {
    const counter = join(folder, "starts");
    writeFileSync(counter, "");
    const out = collect();
    const supervisor = new Supervisor({ write: out.write, onGiveUp: () => undefined });

    await supervisor.start(
      spec(
        "worker",
        `import { appendFileSync, readFileSync } from "node:fs";
         appendFileSync(${JSON.stringify(counter)}, "x");
         ${LIVES}
         if (readFileSync(${JSON.stringify(counter)}, "utf8").length === 1) setImmediate(() => process.kill(process.pid, "SIGKILL"));
         else console.log("second life");`,
        out.write,
      ),
    );

    await out.until("worker was killed by SIGKILL; replacing it");
    await out.until("second life");
    await supervisor.stop(() => true, 5000);
    expect(readFileSync(counter, "utf8")).toBe("xx");
  });

  test("gives up on a process that cannot stay up", async () => {
    const out = collect();
    let givenUp: (name: string) => void = () => undefined;
    const gaveUp = new Promise<string>((resolve) => {
      givenUp = resolve;
    });
    const supervisor = new Supervisor({ write: out.write, onGiveUp: givenUp, restartDelayMs: 1 });

    await supervisor.start(spec("weak", 'process.send("ready", () => process.exit(1));', out.write));

    expect(await gaveUp).toBe("weak");
  });

  test("does not replace what it stopped", async () => {
    const said: string[] = [];
    const supervisor = new Supervisor({ write: (line) => said.push(line), onGiveUp: () => undefined });
    await supervisor.start(spec("api", LIVES, () => undefined));
    await supervisor.start(spec("worker", LIVES, () => undefined));

    await supervisor.stop((name) => name === "api", 5000);
    await supervisor.stop(() => true, 5000);

    expect(said).toEqual([]);
  });
});
