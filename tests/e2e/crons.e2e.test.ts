import type { Cron } from "@langchain/langgraph-sdk";
import { describeFleet, TestFleet } from "./support/fleet.js";
import { eventually } from "./support/wait.js";

describeFleet("crons", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start({ schedulers: 2 });
  });
  afterAll(() => fleet?.stop());

  const EVERY_SECOND = "* * * * * *";
  // The SDK types a created cron as a run; it is what the server answers.
  const create = async (assistant: string, payload: object) =>
    (await fleet.client.crons.create(assistant, payload as never)) as unknown as Cron;
  const firings = async (cronId: string) => {
    const { rows } = await fleet.sql.query<{ run_id: string; thread_id: string; status: string; temporary: boolean }>(
      "select run_id, thread_id, status, temporary from runs where metadata @> $1 order by seq",
      [{ cron_id: cronId }],
    );
    return rows;
  };

  test("each second two schedulers start one run, which is executed on a thread of its own", async () => {
    const cron = await create("counter", {
      schedule: EVERY_SECOND,
      input: { log: ["a"], steps: 1 },
      metadata: { kind: "second" },
      onRunCompleted: "keep",
    });
    const runs = await eventually(
      () => firings(cron.cron_id),
      (rows) => rows.filter(({ status }) => status === "success").length >= 3,
    );
    await fleet.client.crons.delete(cron.cron_id);

    expect(new Set(runs.map(({ thread_id }) => thread_id)).size).toBe(runs.length);
    const run = await fleet.client.runs.get(runs[0]!.thread_id, runs[0]!.run_id);
    expect(run.metadata).toMatchObject({ kind: "second", cron_id: cron.cron_id });
    const { values } = await fleet.client.threads.getState<{ log: string[] }>(runs[0]!.thread_id);
    expect(values.log).toContain("a");
  });

  test("one run per moment, not more", async () => {
    const cron = await create("echo", { schedule: EVERY_SECOND, input: { messages: [] } });
    await eventually(
      () => firings(cron.cron_id),
      (rows) => rows.length >= 3,
    );
    const stopped = await fleet.client.crons.update(cron.cron_id, { enabled: false });
    expect(stopped).toMatchObject({ enabled: false, next_run_date: null });

    const { rows } = await fleet.sql.query<{ run_id: string }>(
      "select run_id from cron_firings where cron_id = $1 order by scheduled_for",
      [cron.cron_id],
    );
    const made = await firings(cron.cron_id);
    // Temporary runs may be gone already, none may be there without its moment.
    const known = new Set(rows.map(({ run_id }) => run_id));
    expect(made.filter(({ run_id }) => !known.has(run_id))).toEqual([]);
    expect(made.every(({ temporary }) => temporary)).toBe(true);
  });

  test("schedulers that are killed in turn fire each moment once and lose none", async () => {
    const metadata = { of: "killed" };
    const MOMENTS = 60;
    const made = [];
    for (let n = 0; n < MOMENTS; n++)
      made.push(
        await create("echo", { schedule: "@yearly", input: { messages: [] }, metadata, onRunCompleted: "keep" }),
      );
    // One moment each, five in a second; nothing that comes later can stand for one that was lost.
    await fleet.sql.query(
      `update crons c set next_run_at = now() + i.n * interval '200 ms'
       from unnest($1::uuid[]) with ordinality as i (cron_id, n) where c.cron_id = i.cron_id`,
      [made.map(({ cron_id }) => cron_id)],
    );

    for (let round = 0; round < 4; round++) {
      const oldest = fleet.schedulers.at(-2)!;
      process.kill(oldest.pid!, "SIGKILL");
      await oldest.exited;
      await fleet.startScheduler();
    }
    await eventually(
      () => fleet.client.crons.search({ metadata, limit: MOMENTS }),
      (crons) => crons.every(({ next_run_date }) => next_run_date!.endsWith("-01-01T00:00:00.000Z")),
    );

    const { rows } = await fleet.sql.query<{ firings: number; runs: number }>(
      `select (select count(*)::int from cron_firings f where f.cron_id = c.cron_id) as firings,
         (select count(*)::int from runs r where r.metadata ->> 'cron_id' = c.cron_id::text) as runs
       from crons c where c.metadata @> $1`,
      [metadata],
    );
    expect(rows).toEqual(Array.from({ length: MOMENTS }, () => ({ firings: 1, runs: 1 })));
  });

  test("a cron on a thread goes on with it until its end", async () => {
    const thread = await fleet.client.threads.create();
    const endTime = new Date(Date.now() + 3500).toISOString();
    const cron = (await fleet.client.crons.createForThread(thread.thread_id, "counter", {
      schedule: EVERY_SECOND,
      input: { log: ["b"], steps: 1 },
      endTime,
    } as never)) as unknown as Cron;
    expect(cron).toMatchObject({ thread_id: thread.thread_id, end_time: endTime });

    await eventually(
      () => fleet.client.crons.search({ threadId: thread.thread_id }),
      ([found]) => found?.next_run_date === null,
    );
    const runs = await eventually(
      () => fleet.client.runs.list(thread.thread_id),
      (all) => all.length >= 2 && all.every(({ status }) => status === "success"),
    );
    expect(runs.map(({ metadata }) => (metadata as { cron_id?: string }).cron_id)).toEqual(
      runs.map(() => cron.cron_id),
    );
  });

  test("are searched, counted, changed and deleted", async () => {
    const { crons } = fleet.client;
    const metadata = { of: "search" };
    const cron = await create("echo", { schedule: "@yearly", timezone: "Europe/Berlin", metadata });

    expect(await crons.search({ assistantId: "echo", metadata })).toEqual([cron]);
    expect(await crons.count({ metadata })).toBe(1);
    const daily = await crons.update(cron.cron_id, { schedule: "0 8 * * *" });
    expect(daily).toMatchObject({ schedule: "0 8 * * *", timezone: "Europe/Berlin" });
    await crons.delete(cron.cron_id);
    expect(await crons.count({ metadata })).toBe(0);
    await expect(create("echo", { schedule: "sometimes" })).rejects.toThrow("HTTP 422: schedule");
  });
});
