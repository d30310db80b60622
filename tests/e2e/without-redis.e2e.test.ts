import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningRedis, startRedis } from "@graphfleet/embedded";
import { describeFleet, TestFleet } from "./support/fleet.js";
import { runReaches } from "./support/wait.js";
import { Receiver } from "./support/webhook-receiver.js";

describeFleet("a fleet whose Redis is stopped", () => {
  let fleet: TestFleet;
  let redis: RunningRedis | null;
  let folder: string;
  let receiver: Receiver;

  beforeAll(async () => {
    receiver = await Receiver.start();
    folder = await mkdtemp(join(tmpdir(), "graphfleet-redis-"));
    redis = await startRedis({
      dataDir: join(folder, "data"),
      cacheDir: process.env.TEST_REDIS_CACHE ?? join(folder, "cache"),
      ephemeral: true,
    });
    if (redis === null) return;
    const env = { REDIS_URI: redis.uri, N_JOBS_PER_WORKER: "2", WEBHOOK_ALLOWED_NETWORKS: "127.0.0.1/32" };
    fleet = await TestFleet.start({ env });
  });
  afterAll(async () => {
    await fleet?.stop();
    await redis?.stop();
    await receiver.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("accepts and executes runs, more than it has slots, in order on a thread, and tells of them", async () => {
    if (redis === null) {
      process.stderr.write("\n!! NOT TESTED, no Redis can be started here: runs without Redis\n");
      return;
    }
    const { client } = fleet;
    await redis.stop();

    const { thread_id } = await client.threads.create();
    const runs = [];
    for (let i = 0; i < 3; i++)
      runs.push(
        await client.runs.create(thread_id, "slow", {
          input: { ms: 10, mark: `${i}` },
          webhook: receiver.at(`/${i}`),
          multitaskStrategy: "enqueue",
        }),
      );
    const others = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const thread = await client.threads.create();
        return await client.runs.create(thread.thread_id, "slow", { input: { ms: 100 } });
      }),
    );

    for (const run of [...runs, ...others]) await runReaches(client, run.thread_id, run.run_id, "success");
    expect((await client.threads.get(thread_id)).values).toMatchObject({ finished: ["0", "1", "2"] });
    const told = await Promise.all(runs.map((_run, i) => receiver.next(`/${i}`)));
    expect(told.map(([one]) => JSON.parse(one!.body.toString()) as unknown)).toMatchObject(
      runs.map(({ run_id }) => ({ run_id, status: "success" })),
    );
  });
});
