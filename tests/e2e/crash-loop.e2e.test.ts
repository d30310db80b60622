import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeFleet, TestFleet } from "./support/fleet.js";
import { eventually } from "./support/wait.js";

describeFleet("a graph that kills its process", () => {
  let fleet: TestFleet;
  const stopping = new AbortController();

  /** What a supervisor does: a worker may be killed by its next run before it could say that it is ready. */
  const keepOne = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const worker = await fleet.startWorker().catch(() => undefined);
      await worker?.exited;
    }
  };
  const kept: Promise<void>[] = [];

  beforeAll(async () => {
    fleet = await TestFleet.start({ workers: 0, env: { BG_JOB_HEARTBEAT: "4" } });
    kept.push(keepOne());
  });
  afterAll(async () => {
    stopping.abort();
    await Promise.all(fleet?.workers.map((worker) => worker.stop(15_000)) ?? []);
    await Promise.all(kept);
    await fleet?.stop();
  });

  test("now and then costs attempts, not the run", async () => {
    expect(await fleet.client.runs.wait(null, "crasher", { input: { crashes: 2 } })).toMatchObject({ survived: true });
  });

  test("every time is given up, with a reason that a person understands", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();

    const answer = client.runs.wait(thread_id, "crasher", { input: { crashes: 99 }, raiseError: false });

    const message = /exceeded max attempts: it was started 3 times and its worker stopped each time before it ended/;
    expect(await answer).toMatchObject({
      __error__: { error: "MaxAttemptsExceeded", message: expect.stringMatching(message) },
    });
    const [run] = await client.runs.list(thread_id);
    expect(run?.status).toBe("error");
    expect((await client.threads.get(thread_id)).status).toBe("error");
  });

  test.each([
    ["wants to end the process", "exit", { error: "ExitRefused", message: expect.stringContaining("process.exit(7)") }],
    ["wants to kill the process", "kill", { error: "ExitRefused", message: expect.stringContaining("process.kill(") }],
    ["throws where nobody can catch it", "throw", { error: "Error", message: "thrown out of nowhere" }],
  ])("fails when it %s, and nobody else does", async (_name, how, error) => {
    const { client } = fleet;
    const innocent = client.runs.wait(null, "slow", { input: { ms: 900, mark: "slept" } });

    const answer = await client.runs.wait(null, "rude", { input: { how }, raiseError: false });

    expect(answer).toEqual({ __error__: error });
    expect(await innocent).toMatchObject({ finished: ["slept"] });
  });

  test("fails in the end, and those that were with it each time do not", async () => {
    const dir = await mkdtemp(join(tmpdir(), "neighbours-"));
    const start = async (input: object) => {
      const { thread_id } = await fleet.client.threads.create();
      const { run_id } = await fleet.client.runs.create(thread_id, "neighbours", { input: { dir, ...input } });
      return { thread_id, run_id };
    };
    const runs = await Promise.all([
      start({ mark: "killer", neighbours: 6 }),
      ...[1, 2, 3, 4, 5, 6].map((n) => start({ mark: `innocent-${n}` })),
    ]);
    const rows = async () => {
      const { rows: found } = await fleet.sql.query<{ status: string; attempt: number; error: unknown }>(
        `select r.status, r.attempt, r.error from unnest($1::uuid[]) with ordinality as u (run_id, nth)
         join runs r using (run_id) order by u.nth`,
        [runs.map(({ run_id }) => run_id)],
      );
      return found;
    };
    // Until here there is one worker, so that they meet each time. One more start is not for all of them at once.
    await eventually(rows, (all) => all.some(({ status, attempt }) => attempt > 3 || status === "error"), {
      withinMs: 120_000,
    });
    kept.push(keepOne());
    await writeFile(join(dir, "go"), "");

    const all = await eventually(rows, (some) => some.every(({ status }) => /^(success|error)$/.test(status)), {
      withinMs: 120_000,
    });
    expect(all.map(({ status, attempt }) => [status, attempt])).toEqual([
      ["error", 4],
      ...Array.from({ length: 6 }, () => ["success", 4]),
    ]);
    const message = expect.stringMatching(/started 4 times .* the last time with no other such run beside it\.$/);
    expect(all[0]?.error).toMatchObject({ error: "MaxAttemptsExceeded", message });
    expect((await readdir(dir)).filter((name) => name.includes(" killer "))).toHaveLength(4);
    await rm(dir, { recursive: true });
  });
});
