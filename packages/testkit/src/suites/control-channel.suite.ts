import { type ControlChannel, type ControlHint, randomIds } from "@graphfleet/domain";

export interface ControlChannelFixture {
  readonly sender: ControlChannel;
  readonly receiver: ControlChannel;
  /** Resolves when what was subscribed is heard. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** What every ControlChannel guarantees. */
export function controlChannelSuite(openFixture: () => Promise<ControlChannelFixture>): void {
  const fixtures: ControlChannelFixture[] = [];

  async function openChannel(): Promise<ControlChannelFixture> {
    const fixture = await openFixture();
    fixtures.push(fixture);
    return fixture;
  }

  afterEach(async () => {
    await Promise.all(fixtures.splice(0).map((fixture) => fixture.close()));
  });

  test("tells every listener, in the order of sending", async () => {
    const { sender, receiver, ready } = await openChannel();
    const hints = Array.from({ length: 20 }, newHint);
    const heard = [listenFor(receiver, hints.length), listenFor(receiver, hints.length)];
    await ready();

    for (const hint of hints) await sender.send(hint);

    expect(await Promise.all(heard)).toEqual([hints, hints]);
  });

  test("says nothing to a listener that unsubscribed", async () => {
    const { sender, receiver, ready } = await openChannel();
    const heard: ControlHint[] = [];
    const unsubscribe = receiver.subscribe((hint) => heard.push(hint));
    const [before, after] = [newHint(), newHint()];
    const other = listenFor(receiver, 3);
    await ready();
    await sender.send(before);
    await listenedTo(receiver, sender);

    unsubscribe();
    await sender.send(after);
    await other;

    expect(heard).toContainEqual(before);
    expect(heard).not.toContainEqual(after);
  });

  test("can be subscribed again after the last listener left", async () => {
    const { sender, receiver, ready } = await openChannel();
    receiver.subscribe(() => undefined)();
    const heard = listenFor(receiver, 1);
    await ready();
    const hint = newHint();

    await sender.send(hint);

    expect(await heard).toEqual([hint]);
  });

  test("does not mind that nobody listens", async () => {
    const { sender } = await openChannel();

    await expect(sender.send(newHint())).resolves.toBeUndefined();
  });
}

/** A cancel of some run. */
export const newHint = (): ControlHint => ({ kind: "cancel", runId: randomIds.run() });

/** The first `count` hints from now on. */
export function listenFor(channel: ControlChannel, count: number): Promise<readonly ControlHint[]> {
  return new Promise((resolve) => {
    const heard: ControlHint[] = [];
    channel.subscribe((hint) => {
      heard.push(hint);
      if (heard.length === count) resolve([...heard]);
    });
  });
}

/** Resolves when a hint has made its way, and so all before it have. */
async function listenedTo(receiver: ControlChannel, sender: ControlChannel): Promise<void> {
  const arrived = listenFor(receiver, 1);
  await sender.send(newHint());
  await arrived;
}
