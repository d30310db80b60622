import { type ReplicatedCluster, RedisServers } from "@graphfleet/testkit";
import { Command } from "./support/command.js";
import { describeFleet, repositoryPath, TestFleet } from "./support/fleet.js";
import { collect, eventually, runReaches } from "./support/wait.js";

const redis = await RedisServers.open("a fleet behind a Redis Cluster");
afterAll(() => redis?.close());

(redis === null ? (describe.skip as typeof describeFleet) : describeFleet)("a fleet behind a Redis Cluster", () => {
  let fleet: TestFleet;
  let cluster: ReplicatedCluster;
  beforeAll(async () => {
    if (redis === null) return;
    cluster = await redis.startReplicatedCluster();
    const env = { REDIS_URI: cluster.uri, REDIS_CLUSTER: "true", REDIS_KEY_PREFIX: "e2e:" };
    fleet = await TestFleet.start({ env });
  });
  afterAll(() => fleet?.stop());

  test("the doctor finds nothing wrong with it", async () => {
    const doctor = new Command(["doctor", "--json", "--no-load", "-c", "tests/graphs"], {
      cwd: repositoryPath(""),
      env: { REDIS_URI: cluster.uri, REDIS_CLUSTER: "true" },
    });
    await doctor.exited;
    const { findings } = JSON.parse(doctor.answer) as { findings: { check: string; level: string; message: string }[] };
    expect(findings.filter(({ check }) => check === "redis" || check === "redis replicas")).toMatchObject([
      { level: "ok", message: expect.stringContaining("in a cluster") },
      { level: "ok" },
    ]);
  });

  test("waits get what was said, on threads of all its nodes", async () => {
    const values = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const thread = await fleet.client.threads.create();
        return await fleet.client.runs.wait(thread.thread_id, "counter", { input: { log: [`${i}`], steps: 1 } });
      }),
    );
    expect(values.map((value) => (value as { log: string[] }).log[0])).toEqual(
      Array.from({ length: 12 }, (_, i) => `${i}`),
    );
    expect(fleet.said()).not.toContain("redis is away");
    expect(fleet.said()).not.toContain("trouble hearing rings");
  });

  test("a stream is live, and can be joined", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();
    const run = await client.runs.create(thread_id, "tokens", {
      input: { messages: [{ role: "user", content: "hello" }] },
      streamMode: ["updates", "values"],
      streamResumable: true,
    });
    const joined = await collect(client.runs.joinStream(thread_id, run.run_id, { streamMode: ["updates", "values"] }));
    expect(joined.map(({ event }) => event)).toContain("updates");
    const again = await collect(
      client.runs.joinStream(thread_id, run.run_id, { streamMode: ["updates", "values"], lastEventId: "-1" }),
    );
    expect(again.at(-1)?.data).toEqual(joined.at(-1)?.data);
  });

  test("a cancel reaches the worker", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();
    const run = await client.runs.create(thread_id, "slow", { input: { ms: 600_000 } });
    await runReaches(client, thread_id, run.run_id, "running");
    await client.runs.cancel(thread_id, run.run_id, true);
    expect(await client.runs.get(thread_id, run.run_id)).toMatchObject({ status: "interrupted" });
  });

  test("a cron's run, which has a priority of its own, is heard", async () => {
    const { client } = fleet;
    const cron = (await client.crons.create("counter", {
      schedule: "* * * * * *",
      input: { log: ["cron"], steps: 1 },
      onRunCompleted: "keep",
    } as never)) as unknown as { cron_id: string };
    await eventually(
      () =>
        fleet.sql.query("select 1 from runs where metadata @> $1 and status = 'success'", [{ cron_id: cron.cron_id }]),
      ({ rows }) => rows.length > 0,
    );
    await client.crons.delete(cron.cron_id);
  });

  test("the node that carries the rings is killed: streams and runs go on, and new runs are heard of", async () => {
    const { client } = fleet;
    const STEPS = 30;
    const whole = ["input", ...Array.from({ length: STEPS }, (_, i) => `step ${i}`)];
    const threads = await Promise.all(Array.from({ length: 6 }, () => client.threads.create()));
    const input = { log: ["input"], steps: STEPS, ms: 150 };
    let heard = 0;
    const streaming = threads.map(async ({ thread_id }) => {
      for await (const { event } of client.runs.stream(thread_id, "counter", { input, streamMode: ["custom"] }))
        if (event === "custom") heard += 1;
    });
    // See how they ended below; a test that fails before must not end Jest.
    for (const stream of streaming) stream.catch(() => undefined);
    await eventually(
      async () => heard,
      (events) => events > threads.length,
    );

    await cluster.losePrimaryOf("{e2e:bull}");

    // One ends with its run, also one whose last events went with the node.
    await Promise.all(streaming);
    for (const { thread_id } of threads)
      expect((await client.threads.get(thread_id)).values).toMatchObject({ log: whole });
    const values = await Promise.all(
      threads.map(({ thread_id }) => client.runs.wait(thread_id, "counter", { input: { log: ["again"], steps: 1 } })),
    );
    for (const value of values) expect((value as { log: string[] }).log.slice(-2)).toEqual(["again", `step ${STEPS}`]);
    const processes = [...fleet.api, ...fleet.workers, ...fleet.schedulers];
    expect(processes.map(({ alive }) => alive)).toEqual(processes.map(() => true));
  });
});
