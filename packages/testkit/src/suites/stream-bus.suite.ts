import { boundsTests } from "./stream-bus-bounds.js";
import { editTests } from "./stream-bus-edits.js";
import type { OpenBus, StreamBusFixture, StreamBusSetup } from "./stream-bus-fixture.js";
import { readingTests } from "./stream-bus-reading.js";
import { writingTests } from "./stream-bus-writing.js";

const NEVER_IDLE_MS = 3_600_000;

/** What every StreamBus guarantees. */
export function streamBusSuite(openFixture: (setup: StreamBusSetup) => Promise<StreamBusFixture>): void {
  const fixtures: StreamBusFixture[] = [];

  const openBus: OpenBus = async (setup = {}) => {
    const fixture = await openFixture({ idleMs: NEVER_IDLE_MS, ...setup });
    fixtures.push(fixture);
    return fixture;
  };

  afterEach(async () => {
    await Promise.all(fixtures.splice(0).map((fixture) => fixture.close()));
  });

  writingTests(openBus);
  readingTests(openBus);
  boundsTests(openBus);
  editTests(openBus);
}
