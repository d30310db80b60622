import { randomIds, type Ring, type RingConsumer, type RunQueue } from "@graphfleet/domain";

export interface RunQueueFixture {
  readonly queue: RunQueue;
  consume(options: { readonly concurrency: number; readonly handle: (ring: Ring) => Promise<void> }): RingConsumer;
  /** Closes what is still open. */
  close(): Promise<void>;
}

/** What every RunQueue and its consumers guarantee. */
export function runQueueSuite(openFixture: () => Promise<RunQueueFixture>): void {
  const fixtures: RunQueueFixture[] = [];

  async function openQueue(): Promise<RunQueueFixture> {
    const fixture = await openFixture();
    fixtures.push(fixture);
    return fixture;
  }

  afterEach(async () => {
    await Promise.all(fixtures.splice(0).map((fixture) => fixture.close()));
  });

  test("is heard, with the ids that were rung", async () => {
    const { queue, consume } = await openQueue();
    const heard = new Hearing();
    consume({ concurrency: 1, handle: heard.handle });
    const ring = newRing(3);

    await queue.ring([ring]);

    expect(await heard.next(1)).toEqual([ring]);
  });

  test("is heard by who comes later", async () => {
    const { queue, consume } = await openQueue();
    const heard = new Hearing();
    const ring = newRing();

    await queue.ring([ring]);
    consume({ concurrency: 1, handle: heard.handle });

    expect(await heard.next(1)).toEqual([ring]);
  });

  test("many rings are all heard, over all consumers", async () => {
    const { queue, consume } = await openQueue();
    const heard = new Hearing();
    consume({ concurrency: 4, handle: heard.handle });
    consume({ concurrency: 4, handle: heard.handle });
    const rings = Array.from({ length: 200 }, () => newRing());

    await queue.ring(rings);

    const runIds = (some: readonly Ring[]) => new Set(some.map(({ runId }) => runId));
    expect(runIds(await heard.next(200))).toEqual(runIds(rings));
  });

  test("at most `concurrency` rings are handled at once", async () => {
    const { queue, consume } = await openQueue();
    const gate = new Gate();
    consume({ concurrency: 2, handle: gate.handle });

    await queue.ring(Array.from({ length: 6 }, () => newRing()));
    for (let round = 0; round < 3; round++) {
      await gate.entered(2);
      gate.letThrough(2);
    }
    await gate.left(6);

    expect(gate.most).toBe(2);
  });

  test("a delayed ring waits, and others overtake it", async () => {
    const { queue, consume } = await openQueue();
    const heard = new Hearing();
    consume({ concurrency: 1, handle: heard.handle });
    const [late, soon] = [newRing(), newRing()];

    await queue.ring([{ ...late, delayMs: 300 }]);
    await queue.ring([soon]);

    expect(await heard.next(2)).toEqual([soon, late]);
  });

  test("a ring of low priority lets others overtake it, and is heard in the end", async () => {
    const { queue, consume } = await openQueue();
    const heard = new Hearing();
    const [patient, lessPatient, urgent] = [newRing(), newRing(), newRing()];

    await queue.ring([
      { ...patient, priority: 2 },
      { ...lessPatient, priority: 1 },
    ]);
    await queue.ring([urgent]);
    consume({ concurrency: 1, handle: heard.handle });

    expect(await heard.next(3)).toEqual([urgent, lessPatient, patient]);
  });

  test("a run that had begun goes first", async () => {
    const { queue, consume } = await openQueue();
    const heard = new Hearing();
    const [waiting, patient, begun] = [newRing(), newRing(), newRing()];

    await queue.ring([waiting, { ...patient, priority: 1 }]);
    await queue.ring([{ ...begun, first: true, priority: 1 }]);
    consume({ concurrency: 1, handle: heard.handle });

    expect(await heard.next(3)).toEqual([begun, waiting, patient]);
  });

  test("a repetition is left out while an earlier one waits", async () => {
    const { queue, consume } = await openQueue();
    const heard = new Hearing();
    const [ring, last] = [newRing(), newRing()];
    const again = { ...ring, repeated: true };

    await queue.ring([again]);
    await queue.ring([again]);
    await queue.ring([last]);
    consume({ concurrency: 1, handle: heard.handle });

    await heard.ofRun(last);
    expect(heard.all).toEqual([ring, last]);
  });

  test("a ring is never taken for the one that is being handled", async () => {
    const { queue, consume } = await openQueue();
    const heard = new Hearing();
    const ring = newRing();
    consume({
      concurrency: 1,
      handle: async (one) => {
        await heard.handle(one);
        if (heard.all.length === 1) await queue.ring([ring]);
      },
    });

    await queue.ring([{ ...ring, repeated: true }]);

    expect(await heard.next(2)).toEqual([ring, ring]);
  });

  test("a run can be rung again after its ring was heard", async () => {
    const { queue, consume } = await openQueue();
    const heard = new Hearing();
    const ring = newRing();
    const first = consume({ concurrency: 1, handle: heard.handle });
    await queue.ring([ring]);
    await heard.next(1);
    await first.close();

    await queue.ring([ring]);
    consume({ concurrency: 1, handle: heard.handle });

    expect(await heard.next(2)).toEqual([ring, ring]);
  });

  test("a handler that throws does not stop the consumer", async () => {
    const { queue, consume } = await openQueue();
    const heard = new Hearing();
    const [bad, good] = [newRing(), newRing()];
    consume({
      concurrency: 1,
      handle: async (ring) => {
        if (ring.runId === bad.runId) throw new Error("cannot handle this");
        await heard.handle(ring);
      },
    });

    await queue.ring([bad]);
    await queue.ring([good]);

    expect(await heard.next(1)).toEqual([good]);
  });

  test("closing waits for handlers and takes no more rings", async () => {
    const { queue, consume } = await openQueue();
    const gate = new Gate();
    const consumer = consume({ concurrency: 2, handle: gate.handle });
    await queue.ring([newRing(), newRing()]);
    await gate.entered(2);

    let closed = false;
    const closing = consumer.close().then(() => {
      closed = true;
    });
    const later = newRing();
    await queue.ring([later]);
    expect(closed).toBe(false);
    gate.letThrough(2);
    await closing;
    expect(gate.leftCount).toBe(2);

    const heard = new Hearing();
    consume({ concurrency: 1, handle: heard.handle });
    expect(await heard.next(1)).toEqual([later]);
  });

  test("closing twice is closing once", async () => {
    const { consume } = await openQueue();
    const consumer = consume({ concurrency: 1, handle: async () => undefined });

    await consumer.close();

    await expect(consumer.close()).resolves.toBeUndefined();
  });
}

/** A ring of a new run on a new thread. */
export const newRing = (fence = 0): Ring => ({ runId: randomIds.run(), threadId: randomIds.thread(), fence });

/** Remembers rings; tests await the number they expect. */
export class Hearing {
  readonly all: Ring[] = [];
  readonly #changed = new Changes();

  readonly handle = async (ring: Ring): Promise<void> => {
    this.all.push(ring);
    this.#changed.tell();
  };

  async next(count: number): Promise<readonly Ring[]> {
    await this.#changed.until(() => this.all.length >= count);
    return this.all.slice(0, count);
  }

  async ofRun({ runId }: Ring): Promise<void> {
    await this.#changed.until(() => this.all.some((ring) => ring.runId === runId));
  }
}

/** Rings until the queue takes it. */
export async function ringUntilTaken(queue: RunQueue, ring = newRing()): Promise<void> {
  for (;;) {
    try {
      await queue.ring([ring]);
      return;
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** A handler that waits to be let through. */
class Gate {
  readonly #changed = new Changes();
  readonly #inside: (() => void)[] = [];
  most = 0;
  leftCount = 0;

  readonly handle = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      this.#inside.push(resolve);
      this.most = Math.max(this.most, this.#inside.length);
      this.#changed.tell();
    });
    this.leftCount++;
    this.#changed.tell();
  };

  async entered(count: number): Promise<void> {
    await this.#changed.until(() => this.#inside.length >= count);
  }

  async left(count: number): Promise<void> {
    await this.#changed.until(() => this.leftCount >= count);
  }

  letThrough(count: number): void {
    for (const leave of this.#inside.splice(0, count)) leave();
  }
}

class Changes {
  readonly #waiting = new Set<() => void>();

  tell(): void {
    for (const look of this.#waiting) look();
  }

  async until(condition: () => boolean): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }
}
