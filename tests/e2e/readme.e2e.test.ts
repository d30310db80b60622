import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { OPERATIONS } from "../../apps/api/src/operations.js";
import { describeFleet, repositoryPath, TestFleet } from "./support/fleet.js";

/** A row of a table of endpoints: its first cell, and the command in its last. */
const ROW = /^\| `(?<name>[A-Z]+ \/\S*)` \| .* \| `(?<command>curl .*)` \|$/gm;

const COMMANDS = [...readFileSync(repositoryPath("README.md"), "utf8").matchAll(ROW)].map(({ groups }) => ({
  name: groups!.name!,
  command: groups!.command!.replaceAll("\\|", "|"),
}));

/** The commands whose answers go on for ever. */
const ENDLESS = ["GET /threads/{thread_id}/stream"];

/** What a row's operation answers when all is well. */
const successesOf = (name: string): readonly string[] => {
  const operation = OPERATIONS.find(
    ({ method, path }) => `${method.toUpperCase()} ${path.replaceAll(/:(\w+)/g, "{$1}")}` === name,
  );
  return Object.keys(operation?.answers ?? {});
};

describeFleet("the commands of the README", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start({ config: "examples/langgraph.json", workers: 1 });
  });
  afterAll(() => fleet?.stop());

  /** The ids that commands take from the shell: of what is there and has been used. */
  async function idsFor(command: string): Promise<Readonly<Record<string, string>>> {
    if (!command.includes("$")) return {};
    const { client } = fleet;
    const { assistant_id: ASSISTANT_ID } = await client.assistants.create({ graphId: "agent" });
    const { thread_id: THREAD_ID } = await client.threads.create();
    const input = { messages: [{ role: "user", content: "Hello" }] };
    const { run_id: RUN_ID } = await client.runs.create(THREAD_ID, "agent", { input });
    await client.runs.join(THREAD_ID, RUN_ID);
    const { checkpoint } = await client.threads.getState(THREAD_ID);
    const { cron_id: CRON_ID } = (await client.crons.create("agent", { schedule: "@yearly" })) as unknown as {
      cron_id: string;
    };
    // To a private address, which the rules for webhooks refuse: nothing is ever sent.
    const { rows } = await fleet.sql.query<{ delivery_id: string }>(
      `insert into webhook_deliveries (run_id, thread_id, url, payload, status, ended_at)
      values ($1, $2, 'http://10.0.0.1/', '{}', 'failed', now()) returning delivery_id`,
      [RUN_ID, THREAD_ID],
    );
    const [CHECKPOINT_ID, DELIVERY_ID] = [checkpoint.checkpoint_id!, rows[0]!.delivery_id];
    // The agent has no subgraphs; asking it for those of one is fine.
    return { NAMESPACE: "tools", ASSISTANT_ID, THREAD_ID, RUN_ID, CHECKPOINT_ID, CRON_ID, DELIVERY_ID };
  }

  /** The status that the shell's curl gets. */
  async function statusOf(name: string, command: string): Promise<string> {
    const here = command.replace("localhost:8123", new URL(fleet.url).host).replace(/^curl/, "exec curl -sSi");
    const child = spawn("sh", ["-uc", here], {
      env: { PATH: process.env.PATH, ...(await idsFor(command)) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = await allSaidBy(child, ENDLESS.includes(name));
    const status = /^HTTP\/1\.1 (\d+)/.exec(said)?.[1];
    if (status === undefined) throw new Error(`no answer: ${said}`);
    return successesOf(name).includes(status) ? status : `${status}: ${said}`;
  }

  test("are there for every operation", () => {
    expect(COMMANDS).toHaveLength(OPERATIONS.length);
  });

  test.each(COMMANDS)("$name", async ({ name, command }) => {
    expect(successesOf(name)).toContain(await statusOf(name, command));
  });
});

/** What a command wrote until it ended, or, when it never ends, until it wrote something. */
async function allSaidBy(child: ChildProcess, endless: boolean): Promise<string> {
  let said = "";
  return await new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (endless) child.kill();
      });
    }
    child.once("error", reject);
    child.once("close", () => resolve(said));
  });
}
