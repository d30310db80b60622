import { EventEmitter, once } from "node:events";

import { Lifecycle, type LifecycleOptions } from "./lifecycle.js";

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  send?: (message: string) => unknown;
  exit(code: number): void {
    this.exits.push(code);
    this.emit("exited", code);
  }
}

function open(options: LifecycleOptions = {}) {
  const host = new FakeProcess();
  const lines: { fields: Record<string, unknown>; message: string }[] = [];
  const write = (fields: object, message: string) => void lines.push({ fields: { ...fields }, message });
  let now = 0;
  const life = new Lifecycle({ info: write, error: write }, { host, now: () => now, ...options });
  return { host, life, lines, pass: (ms: number) => (now += ms) };
}

describe("Lifecycle", () => {
  test("closes in reverse order of opening on SIGTERM and exits 0", async () => {
    const { host, life } = open();
    const closed: string[] = [];
    life.use("postgres", "pg", (it) => closed.push(it));
    life.use("redis", "redis", async (it) => {
      await Promise.resolve();
      closed.push(it);
    });

    const running = life.run({ deadlineMs: 5_000 });
    host.emit("SIGTERM", "SIGTERM");
    await running;

    expect(closed).toEqual(["redis", "pg"]);
    expect(host.exits).toEqual([0]);
  });

  test("aborts `stopping` before the first closer runs", async () => {
    const { host, life } = open();
    let seen: boolean | null = null;
    life.use("loop", null, () => (seen = life.stopping.aborted));

    const running = life.run({ deadlineMs: 5_000 });
    host.emit("SIGINT", "SIGINT");
    await running;

    expect(seen).toBe(true);
  });

  test("a failed supervised task stops the process with exit code 1 and names the task", async () => {
    const { host, life, lines } = open();
    const closed: string[] = [];
    life.use("redis", "redis", (it) => closed.push(it));

    life.watch("consumer", Promise.reject(new Error("connection refused")));
    await life.run({ deadlineMs: 5_000 });

    expect(host.exits).toEqual([1]);
    expect(closed).toEqual(["redis"]);
    expect(lines[0]?.fields["err"]).toMatchObject({
      message: "consumer failed",
      cause: { message: "connection refused" },
    });
  });

  test("a supervised task may end quietly", async () => {
    const { host, life } = open();

    life.watch("once", Promise.resolve());
    const running = life.run({ deadlineMs: 5_000 });
    expect(life.stopping.aborted).toBe(false);
    host.emit("SIGTERM", "SIGTERM");
    await running;

    expect(host.exits).toEqual([0]);
  });

  test("an unhandled rejection is a failed task", async () => {
    const { host, life } = open();

    const running = life.run({ deadlineMs: 5_000 });
    host.emit("unhandledRejection", new Error("nobody listened"));
    await running;

    expect(host.exits).toEqual([1]);
  });

  test("an unhandled rejection is no failed task where somebody takes it", async () => {
    const { host, life } = open();
    const stray: unknown[] = [];

    const running = life.run({ deadlineMs: 5_000, onStrayRejection: (reason) => stray.push(reason) });
    host.emit("unhandledRejection", "nobody listened");
    expect(life.stopping.aborted).toBe(false);
    host.emit("SIGTERM", "SIGTERM");
    await running;

    expect(stray).toEqual(["nobody listened"]);
    expect(host.exits).toEqual([0]);
  });

  test("an exception that nobody caught is told of where it was thrown; then the process stops, whatever `exit` became", async () => {
    const { host, life } = open();
    const told: unknown[] = [];
    const running = life.run({ deadlineMs: 1_000, onUncaught: (error) => told.push(error) });
    const { exit } = host;
    host.exit = () => {
      throw new Error("replaced");
    };
    const error = new Error("boom");

    host.emit("uncaughtException", error);
    await running;

    host.exit = exit;
    expect(told).toEqual([error]);
    expect(host.exits).toEqual([1]);
  });

  test("a closer that throws does not keep the others from closing, and the exit code tells", async () => {
    const { host, life, lines } = open();
    const closed: string[] = [];
    life.use("postgres", "pg", (it) => closed.push(it));
    life.use("redis", "redis", () => {
      throw new Error("already gone");
    });

    const running = life.run({ deadlineMs: 5_000 });
    host.emit("SIGTERM", "SIGTERM");
    await running;

    expect(closed).toEqual(["pg"]);
    expect(host.exits).toEqual([1]);
    expect(lines.map((line) => line.fields["name"])).toContain("redis");
  });

  test("the deadline names the closer that hung", async () => {
    const { host, life, lines } = open();
    life.use("postgres", null, () => {});
    let finish = () => {};
    life.use("runs", null, () => new Promise<void>((resolve) => (finish = resolve)));

    const running = life.run({ deadlineMs: 1 });
    const exited = once(host, "exited");
    host.emit("SIGTERM", "SIGTERM");
    await exited;

    expect(host.exits).toEqual([1]);
    expect(lines.at(-1)).toMatchObject({ message: "did not stop in time", fields: { hung: "runs" } });

    finish();
    await running;
  });

  test("the same key press arriving twice is one wish, a later one means now", () => {
    const { host, life, pass } = open({ samePressMs: 1_000 });
    let finish = () => {};
    life.use("runs", null, () => new Promise<void>((resolve) => (finish = resolve)));

    host.emit("SIGINT", "SIGINT");
    pass(5);
    host.emit("SIGTERM", "SIGTERM");
    expect(host.exits).toEqual([]);

    pass(2_000);
    host.emit("SIGINT", "SIGINT");
    expect(host.exits).toEqual([1]);
    finish();
  });

  test("a signal during a slow start closes what is open already", async () => {
    const { host, life } = open();
    const closed: string[] = [];
    life.use("postgres", "pg", (it) => closed.push(it));

    const exited = once(host, "exited");
    host.emit("SIGTERM", "SIGTERM");
    await exited;

    expect(closed).toEqual(["pg"]);
    expect(host.exits).toEqual([0]);
  });

  test("stops cleanly when its supervisor is killed", async () => {
    const { host, life } = open();

    const running = life.run({ deadlineMs: 5_000 });
    host.emit("disconnect");
    await running;

    expect(life.stopping.aborted).toBe(true);
    expect(host.exits).toEqual([0]);
  });

  test("tells a supervisor that it is ready, and needs none", () => {
    const { host, life } = open();
    const said: string[] = [];

    life.ready();
    host.send = (message) => said.push(message);
    life.ready();

    expect(said).toEqual(["ready"]);
  });

  test("leaves no listener behind", async () => {
    const { host, life } = open();

    const running = life.run({ deadlineMs: 5_000 });
    host.emit("SIGTERM", "SIGTERM");
    await running;

    expect(host.eventNames()).toEqual([]);
  });
});
