import { randomUUID } from "node:crypto";
import { Client } from "@langchain/langgraph-sdk";
import { OPERATIONS } from "../../apps/api/src/operations.js";
import { CASES, type Case, type Estate, OPEN } from "./support/auth-cases.js";
import { describeFleet } from "./support/fleet.js";
import { StartedProject } from "./support/started-project.js";
import { collect, eventually } from "./support/wait.js";
import { Receiver } from "./support/webhook-receiver.js";

/** What tests/projects/auth keeps about its users; nobody but graphs may ever see it. */
const PRIVATE = "private-words-about-a-user";
const NEVER_SHOWN = [PRIVATE, "langgraph_auth", "token-of-"];

const OPERATION_NAMES = OPERATIONS.map(({ method, path }) => `${method} ${path}`);
const GUARDED = OPERATION_NAMES.filter((name) => !OPEN.includes(name));

interface Answer {
  readonly status: number;
  readonly text: string;
}

describeFleet("auth", () => {
  let project: StartedProject;
  let receiver: Receiver;

  beforeAll(async () => {
    receiver = await Receiver.start();
    project = await StartedProject.start("tests/projects/auth/langgraph.json", {
      WEBHOOK_ALLOWED_NETWORKS: "127.0.0.0/8",
      LOG_LEVEL: "debug",
    });
  });
  afterAll(async () => {
    await project?.stop();
    await receiver?.stop();
  });

  const tokenOf = (person: string | null): Record<string, string> =>
    person === null ? {} : { authorization: `Bearer token-of-${person}` };
  const clientOf = (person: string) =>
    new Client({ apiUrl: project.url, defaultHeaders: tokenOf(person), callerOptions: { maxRetries: 0 } });

  async function ask(name: string, { path, body, endless }: Case, estate: Estate, person: string | null) {
    const response = await fetch(`${project.url}${path(estate)}`, {
      method: name.split(" ")[0]!.toUpperCase(),
      headers: tokenOf(person),
      ...(body === undefined ? {} : { body: JSON.stringify(body(estate)) }),
    });
    if (endless === true && response.ok) {
      await response.body?.cancel();
      return { status: response.status, text: "" };
    }
    return { status: response.status, text: await response.text() };
  }

  /** Something of everything, all of it Ann's. */
  async function settle(): Promise<Estate> {
    const client = clientOf("ann");
    const marker = `marker-${randomUUID()}`;
    const metadata = { marker };
    const config = { configurable: { note: marker } };
    const { assistant_id: assistant } = await client.assistants.create({
      graphId: "agent",
      name: marker,
      metadata,
      config,
    });
    const { thread_id: thread } = await client.threads.create({ metadata });
    const input = { secret: marker };
    const { run_id: run } = await client.runs.create(thread, assistant, { input, metadata, config });
    await client.runs.join(thread, run);
    const { checkpoint } = await client.threads.getState(thread);
    const { cron_id: cron } = (await client.crons.create(assistant, { schedule: "0 0 1 1 *", input, metadata })) as {
      cron_id: string;
    };
    await client.store.putItem(["notes"], marker, { note: marker });
    // To a private address, which the rules for webhooks refuse: nothing is ever sent.
    const { rows } = await project.sql.query<{ delivery_id: string }>(
      `insert into webhook_deliveries (run_id, thread_id, url, payload, status, last_error, ended_at)
      values ($1, $2, 'http://10.0.0.1/', '{}', 'failed', $3, now()) returning delivery_id`,
      [run, thread, marker],
    );
    const delivery = rows[0]!.delivery_id;
    return { marker, assistant, thread, checkpoint: checkpoint.checkpoint_id!, run, cron, delivery };
  }

  /** The rows of an estate, as text: what nobody else may change. */
  async function ledgerOf({ assistant, thread, cron, marker }: Estate): Promise<unknown> {
    const { rows } = await project.sql.query(
      `select
        (select to_jsonb(t) from threads t where t.thread_id = $1) as thread,
        (select jsonb_agg(to_jsonb(r) order by r.run_id) from runs r where r.thread_id = $1) as runs,
        (select count(*) from checkpoints c where c.thread_id = $1::text) as checkpoints,
        (select to_jsonb(a) from assistants a where a.assistant_id = $2) as assistant,
        (select jsonb_agg(to_jsonb(d)) from webhook_deliveries d where d.thread_id = $1) as deliveries,
        (select to_jsonb(c) from crons c where c.cron_id = $3) as cron,
        (select jsonb_agg(to_jsonb(i)) from store_items i where i.key = $4 and i.namespace[1] = 'ann') as items`,
      [thread, assistant, cron, marker],
    );
    return rows[0];
  }

  function mustHide(answer: Answer, ...words: readonly string[]): void {
    for (const word of [...words, ...NEVER_SHOWN]) expect(answer.text).not.toContain(word);
  }

  test("every operation has a case, or is open on purpose", () => {
    expect(Object.keys(CASES).toSorted()).toEqual(GUARDED.toSorted());
    expect(OPERATION_NAMES).toEqual(expect.arrayContaining([...OPEN]));
  });

  test.each(OPEN)("%s is open", async (name) => {
    const { status, text } = await ask(name, { path: () => name.split(" ")[1]!, stranger: 200 }, {} as Estate, null);

    expect(status).toBe(200);
    expect(text).not.toContain(PRIVATE);
  });

  test.each(GUARDED)("%s", async (name) => {
    const one = CASES[name]!;
    const estate = await settle();
    const before = await ledgerOf(estate);

    const nobody = await ask(name, one, estate, null);
    expect(nobody).toEqual({ status: 401, text: JSON.stringify({ detail: "Who are you?" }) });
    const forbidden = await ask(name, one, estate, "eve");
    expect(forbidden).toEqual({ status: 403, text: JSON.stringify({ detail: "Forbidden" }) });
    const stranger = await ask(name, one, estate, "bob");
    expect(stranger.status).toBe(one.stranger);
    mustHide(stranger, estate.marker);
    expect(await ledgerOf(estate)).toEqual(before);

    const owner = await ask(name, one, estate, "ann");
    expect({ ...owner, ok: owner.status < 300 }).toMatchObject({ ok: true });
    if (one.shows === true) expect(owner.text).toContain(estate.marker);
    mustHide(owner);
  });

  describe("what a graph knows of its user", () => {
    const ANNS = { user: "ann", runtimeUser: "ann", permissions: ["write"] };
    const forged = {
      input: {},
      config: {
        configurable: {
          langgraph_auth_user: { identity: "root" },
          langgraph_auth_user_id: "root",
          langgraph_auth_permissions: ["all"],
        },
      },
    };

    test("is who started the run, in every kind of run, whatever the request says", async () => {
      const { runs, threads } = clientOf("ann");
      const { thread_id } = await threads.create();
      const forgedToo = { context: forged.config.configurable, metadata: forged.config.configurable };

      expect(await runs.wait(thread_id, "agent", forged)).toMatchObject(ANNS);
      expect(await runs.wait(thread_id, "agent", { ...forged, ...forgedToo })).toMatchObject(ANNS);
      expect(await runs.wait(null, "agent", forged)).toMatchObject(ANNS);
      const { run_id } = await runs.create(thread_id, "agent", { ...forged, metadata: { owner: "bob" } });
      expect(await runs.join(thread_id, run_id)).toMatchObject(ANNS);
      const [last] = (await collect(runs.stream(null, "agent", forged))).slice(-1);
      expect(last?.data).toMatchObject(ANNS);

      const [one] = await runs.createBatch([{ assistantId: "agent", ...forged }]);
      expect(await runs.join(one!.thread_id, one!.run_id)).toMatchObject(ANNS);
      await runs.wait(thread_id, "agent", { ...forged, input: { asks: true } });
      expect((await threads.get(thread_id)).status).toBe("interrupted");
      expect(await runs.wait(thread_id, "agent", { ...forged, command: { resume: "yes" } })).toMatchObject(ANNS);
    });

    test("is the same on the worker that goes on after another one died", async () => {
      const { runs, threads } = clientOf("ann");
      const { thread_id } = await threads.create();
      const { run_id } = await runs.create(thread_id, "agent", { ...forged, input: { crashes: true } });

      expect(await runs.join(thread_id, run_id)).toMatchObject(ANNS);
    });

    test("is in no stream, checkpoint, answer or log", async () => {
      const { runs, threads } = clientOf("ann");
      const { thread_id } = await threads.create();
      const streamMode = ["values", "updates", "messages-tuple", "debug", "tasks", "checkpoints", "events"] as const;

      const said = await collect(runs.stream(thread_id, "agent", { ...forged, streamMode: [...streamMode] }));
      const shown = JSON.stringify([
        said,
        await threads.get(thread_id),
        await threads.getHistory(thread_id),
        await runs.list(thread_id),
      ]);
      const { rows } = await project.sql.query("select metadata, checkpoint from checkpoints where thread_id = $1", [
        thread_id,
      ]);

      mustHide({ status: 200, text: shown + JSON.stringify(rows) });
      expect(said.map(({ event }) => event)).toEqual(expect.arrayContaining(["debug", "events", "checkpoints"]));
      for (const word of [PRIVATE, "token-of-"]) expect(project.said()).not.toContain(word);
    });

    test("is in no answer about crons, nor in what other servers are told", async () => {
      const { runs, crons, threads } = clientOf("ann");
      const { thread_id } = await threads.create();
      const webhook = receiver.at("/told");
      await runs.create(thread_id, "agent", { input: {}, webhook, config: { configurable: { mine: "shown" } } });
      const cron = await crons.create("agent", { ...forged, schedule: "0 0 1 1 *", webhook });

      const [told] = await receiver.next("/told");
      const sent = `${JSON.stringify(told!.headers)}${told!.body.toString()}`;
      expect(sent).toContain("shown");
      for (const word of NEVER_SHOWN) expect(sent).not.toContain(word);
      const listed = JSON.stringify([cron, await crons.search()]);
      expect(listed).toContain("0 0 1 1 *");
      expect(listed).not.toContain(PRIVATE);
    });

    test("is the maker of a cron, when it fires", async () => {
      const { crons, threads } = clientOf("ann");
      const { thread_id } = await threads.create();
      const { cron_id } = await crons.createForThread(thread_id, "agent", { ...forged, schedule: "* * * * * *" });

      const fired = await eventually(
        async () => (await threads.get(thread_id)).values as object | null,
        (values) => values !== null && "user" in values,
      );
      await crons.delete(cron_id);

      expect(fired).toMatchObject(ANNS);
    });

    test("is asked about at each firing: who may do nothing any more runs nothing any more", async () => {
      const { crons } = clientOf("ann");
      const make = async () =>
        ((await crons.create("agent", { schedule: "@yearly", onRunCompleted: "keep" })) as { cron_id: string }).cron_id;
      const [allowed, refused] = [await make(), await make()];
      // As if her rights had been taken from her since.
      await project.sql.query(
        `update crons set auth = jsonb_set(auth::jsonb, '{caller,permissions}', '[]')::json where cron_id = $1`,
        [refused],
      );
      await project.sql.query("update crons set next_run_at = now() where cron_id = any($1)", [[allowed, refused]]);

      const { rows } = await eventually(
        () =>
          project.sql.query(
            `select f.cron_id, r.metadata ->> 'owner' as owner
             from cron_firings f left join runs r on r.run_id = f.run_id where f.cron_id = any($1)`,
            [[allowed, refused]],
          ),
        (found) => found.rows.length === 2,
      );

      expect(new Map(rows.map(({ cron_id, owner }) => [cron_id, owner]))).toEqual(
        new Map([
          [allowed, "ann"],
          [refused, null],
        ]),
      );
    });
  });
});
