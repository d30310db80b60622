import { describeFleet, TestFleet } from "./support/fleet.js";

describeFleet("a graph that kills its process", () => {
  let fleet: TestFleet;
  const stopping = new AbortController();

  /** What a supervisor does: a worker may be killed by its next run before it could say that it is ready. */
  const keepOne = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await fleet.startWorker().catch(() => undefined);
      await fleet.workers.at(-1)?.exited;
    }
  };
  let kept: Promise<void>;

  beforeAll(async () => {
    fleet = await TestFleet.start({ workers: 0, env: { BG_JOB_HEARTBEAT: "4" } });
    kept = keepOne();
  });
  afterAll(async () => {
    stopping.abort();
    await fleet?.workers.at(-1)?.stop(15_000);
    await kept;
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
    ["throws where nobody can catch it", "throw", { error: "Error", message: "thrown out of nowhere" }],
  ])("fails when it %s, and nobody else does", async (_name, how, error) => {
    const { client } = fleet;
    const innocent = client.runs.wait(null, "slow", { input: { ms: 900, mark: "slept" } });

    const answer = await client.runs.wait(null, "rude", { input: { how }, raiseError: false });

    expect(answer).toEqual({ __error__: error });
    expect(await innocent).toMatchObject({ finished: ["slept"] });
  });
});
