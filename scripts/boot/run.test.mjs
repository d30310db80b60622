import { spawn } from "node:child_process";
import { once } from "node:events";

const RUN = new URL("run.mjs", import.meta.url).href;

/** Says what reaches it, ends at "SIGTERM" with code 7 or when it is left alone. */
const CHILD = `
  process.on("SIGINT", () => console.log("SIGINT"));
  process.on("SIGTERM", () => { console.log("SIGTERM"); process.exit(7); });
  process.on("disconnect", () => { console.log("alone"); process.exit(0); });
  console.log("ready");
`;

/** A process like boot's, around that child. `heard(word)` resolves when the child has said the word. */
function startBoot() {
  const code = `
    import { runAttached } from ${JSON.stringify(RUN)};
    process.exitCode = await runAttached(process.execPath, ["-e", ${JSON.stringify(CHILD)}], {});
  `;
  const boot = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  boot.stdout.on("data", (chunk) => (said += chunk));
  const heard = async (word) => {
    while (!said.includes(word)) await once(boot.stdout, "data");
  };
  return { boot, heard, ended: once(boot, "close"), words: () => said.trim().split("\n") };
}

describe("runAttached", () => {
  test("passes on one signal for one Ctrl-C that arrives twice, and the child's exit code", async () => {
    const { boot, heard, ended, words } = startBoot();
    await heard("ready");

    boot.kill("SIGINT");
    boot.kill("SIGINT");
    await heard("SIGINT");
    boot.kill("SIGTERM");

    expect((await ended)[0]).toBe(7);
    expect(words()).toEqual(["ready", "SIGINT", "SIGTERM"]);
  });

  test("lets the child know when it was killed", async () => {
    const { boot, heard, ended, words } = startBoot();
    await heard("ready");

    boot.kill("SIGKILL");
    await ended;

    expect(words()).toEqual(["ready", "alone"]);
  });
});
