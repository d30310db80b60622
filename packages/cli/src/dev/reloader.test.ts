import type { BrokenGraph } from "./messages.js";
import { type News, Reloader } from "./reloader.js";
import type { Generation, Loaded } from "./server-process.js";

/** A generation whose every step is in the hands of the test. */
class FakeGeneration implements Generation {
  readonly steps: string[] = [];
  load!: (loaded: Loaded) => void;
  refuse!: (error: Error) => void;
  die!: (how: string) => void;
  readonly loaded = new Promise<Loaded>((resolve, reject) => {
    this.load = resolve;
    this.refuse = reject;
  });
  readonly exited = new Promise<string>((resolve) => {
    this.die = resolve;
  });
  serveFails = false;

  async serve(): Promise<void> {
    this.steps.push("serve");
    if (this.serveFails) throw new Error("the port is taken");
  }

  async stop(): Promise<void> {
    this.steps.push("stop");
    this.refuse(new Error("stopped"));
    this.die("stopped");
  }
}

const broken = (graphId: string): BrokenGraph => ({ graphId, file: `/p/${graphId}.ts`, line: 3, message: "no" });
const good: Loaded = { graphs: ["a", "b"], broken: [] };

function bench() {
  const generations: FakeGeneration[] = [];
  const news: News[] = [];
  const reloader = new Reloader({
    launch: () => {
      const one = new FakeGeneration();
      generations.push(one);
      return one;
    },
    report: (one) => news.push(one),
  });
  const kinds = () => news.map(({ kind }) => kind);
  /** Reloads with what the new generation finds. */
  const save = async (outcome: Loaded | Error): Promise<FakeGeneration> => {
    const done = reloader.reload();
    const one = generations.at(-1)!;
    if (outcome instanceof Error) one.refuse(outcome);
    else one.load(outcome);
    await done;
    return one;
  };
  return { generations, news, kinds, reloader, save };
}

describe("reloading", () => {
  test("the new one serves when the old one has stopped", async () => {
    const { save, kinds } = bench();

    const first = await save(good);
    const second = await save(good);

    expect(first.steps).toEqual(["serve", "stop"]);
    expect(second.steps).toEqual(["serve"]);
    expect(kinds()).toEqual(["serving", "serving"]);
  });

  test("one that does not load leaves the old one alone; the next save is another try", async () => {
    const { save, news } = bench();

    const first = await save(good);
    await save(new Error("a.ts:3: no"));
    expect(first.steps).toEqual(["serve"]);
    expect(news.at(-1)).toEqual({ kind: "refused", reason: "a.ts:3: no", stillServing: true });

    await save(good);
    expect(first.steps).toEqual(["serve", "stop"]);
  });

  test("nothing at all can be loaded at first: the next save can mend it", async () => {
    const { save, news } = bench();

    await save(new Error("no"));
    expect(news).toEqual([{ kind: "refused", reason: "no", stillServing: false }]);

    expect((await save(good)).steps).toEqual(["serve"]);
  });

  test("a graph that worked and does not any more is no reason to lose it", async () => {
    const { save, news } = bench();

    const first = await save(good);
    const second = await save({ graphs: ["a"], broken: [broken("b")] });

    expect(first.steps).toEqual(["serve"]);
    expect(second.steps).toEqual(["stop"]);
    expect(news.at(-1)).toEqual({ kind: "refused", reason: [broken("b")], stillServing: true });
  });

  test("a graph that never worked keeps nobody from changing the others", async () => {
    const { save, kinds } = bench();
    const half: Loaded = { graphs: ["a"], broken: [broken("b")] };

    await save(half);
    expect((await save(half)).steps).toEqual(["serve"]);
    expect(kinds()).toEqual(["serving", "serving"]);
  });

  test("of two saves in a row only the last is served", async () => {
    const { reloader, generations, kinds } = bench();

    const one = reloader.reload();
    const two = reloader.reload();
    generations[1]!.load(good);
    await Promise.all([one, two]);

    expect(generations[0]!.steps).toEqual(["stop"]);
    expect(generations[1]!.steps).toEqual(["serve"]);
    expect(kinds()).toEqual(["serving"]);
  });

  test("one that loads and cannot listen is told", async () => {
    const { reloader, generations, news } = bench();

    const done = reloader.reload();
    generations[0]!.serveFails = true;
    generations[0]!.load(good);
    await done;

    expect(news).toEqual([{ kind: "refused", reason: "the port is taken", stillServing: false }]);
  });

  test("a server that dies is told; one that was stopped is not", async () => {
    const { save, kinds, reloader } = bench();

    const first = await save(good);
    first.die("was killed by SIGKILL");
    await first.exited;
    await Promise.resolve();
    expect(kinds()).toEqual(["serving", "died"]);

    const second = await save(good);
    await reloader.stop();
    await reloader.reload();
    expect(second.steps).toEqual(["serve", "stop"]);
    expect(kinds()).toEqual(["serving", "died", "serving"]);
  });
});
