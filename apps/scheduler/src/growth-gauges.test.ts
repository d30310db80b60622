import { Metrics } from "@graphfleet/chassis";
import { manualClock } from "@graphfleet/testkit";
import { gaugeGrowth } from "./growth-gauges.js";

function setUp() {
  const clock = manualClock();
  const ledger = { threads: 3, items: 4, bytes: { checkpoints: 8192 }, isAway: false, asked: 0 };
  const answer = async <T>(value: () => T): Promise<T> => {
    ledger.asked += 1;
    if (ledger.isAway) throw new Error("Postgres is away");
    return value();
  };
  const metrics = new Metrics({ process: false });
  gaugeGrowth(
    metrics,
    {
      threads: { countExpired: () => answer(() => ledger.threads) },
      items: { countExpired: () => answer(() => ledger.items) },
      checkpoints: { bytes: () => answer(() => ledger.bytes) },
    },
    () => clock.now(),
  );
  return { clock, ledger, page: () => metrics.text() };
}

test("tells what waits and what checkpoints take, and asks again only after a while", async () => {
  const { clock, ledger, page } = setUp();

  expect(await page()).toContain('lg_api_expiry_backlog{kind="threads"} 3');
  expect(await page()).toContain('lg_api_expiry_backlog{kind="items"} 4');
  expect(await page()).toContain('lg_api_checkpoint_bytes{table="checkpoints"} 8192');
  expect(ledger.asked).toBe(3);

  ledger.threads = 9;
  expect(await page()).toContain('lg_api_expiry_backlog{kind="threads"} 3');
  clock.advance(15_000);
  expect(await page()).toContain('lg_api_expiry_backlog{kind="threads"} 9');
});

test("says that it does not know while the ledger does not answer", async () => {
  const { ledger, page } = setUp();
  ledger.isAway = true;

  expect(await page()).toContain('lg_api_expiry_backlog{kind="threads"} Nan');
});
