import { describeFleet, TestFleet } from "./support/fleet.js";

const MEGABYTE = 1024 * 1024;
const LARGE = 16 * MEGABYTE;

interface BigState {
  readonly payload: string;
}

const sizeOf = (values: unknown): number => (values as BigState).payload.length;

describeFleet("values of many megabytes", () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.start({ workers: 1 });
  });
  afterAll(() => fleet?.stop());

  test("a state of 16 MB is streamed, waited for, read and found in the history", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();

    const streamed: number[] = [];
    const events: string[] = [];
    for await (const { event, data } of client.runs.stream(thread_id, "big", {
      input: { bytes: LARGE },
      streamMode: "values",
    })) {
      events.push(event);
      if (event === "values") streamed.push(sizeOf({ payload: "", ...(data as object) }));
    }
    expect(events).not.toContain("gap");
    expect(streamed.at(-1)).toBe(LARGE);
    expect(sizeOf((await client.threads.getState(thread_id)).values)).toBe(LARGE);
    const [newest] = await client.threads.getHistory(thread_id, { limit: 1 });
    expect(sizeOf(newest!.values)).toBe(LARGE);
    expect(sizeOf(await client.runs.wait(null, "big", { input: { bytes: LARGE } }))).toBe(LARGE);
  });

  test("an input of 15 MB goes in and comes back", async () => {
    const text = "x".repeat(15 * MEGABYTE);

    const values = await fleet.client.runs.wait(null, "echo", {
      input: { messages: [{ role: "user", content: text }] },
    });

    expect(JSON.stringify(values).length).toBeGreaterThan(text.length);
  });

  test("what is above the limit of a body is refused, with its name", async () => {
    const response = await fetch(`${fleet.url}/runs/wait`, {
      method: "POST",
      body: JSON.stringify({ assistant_id: "echo", input: { text: "x".repeat(26 * MEGABYTE) } }),
    });

    expect(response.status).toBe(413);
    expect(await response.text()).toContain(
      `${25 * MEGABYTE} bytes, which is the limit of this server (HTTP_MAX_REQUEST_BODY_BYTES)`,
    );
  });

  test("an event above its limit is left out and told as a gap; the run, its answer and its state are whole", async () => {
    const { client } = fleet;
    const { thread_id } = await client.threads.create();
    const bytes = 33 * MEGABYTE;

    const told: (readonly [string, unknown])[] = [];
    const stream = client.runs.stream(thread_id, "big", { input: { bytes }, streamMode: "values" });
    for await (const { event, data } of stream) {
      // The SDK's type does not know it.
      const name: string = event;
      told.push([name, name === "gap" ? data : null]);
    }

    const last = told.length;
    expect(told.at(-1)).toEqual(["gap", { first: last - 1, last: last - 1, message: expect.any(String) }]);
    const [run] = await client.runs.list(thread_id);
    expect(run!.status).toBe("success");
    expect(sizeOf(await client.runs.join(thread_id, run!.run_id))).toBe(bytes);
    expect(sizeOf((await client.threads.getState(thread_id)).values)).toBe(bytes);
  });
});
