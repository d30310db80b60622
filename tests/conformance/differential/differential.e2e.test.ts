import { Client } from "@langchain/langgraph-sdk";
import { describeFleet, TestFleet } from "../../e2e/support/fleet.js";
import { withoutIntended } from "./support/intended.js";
import { normalise } from "./support/normalise.js";
import { type OfficialServer, startOfficial } from "./support/official.js";
import { type Script, SCRIPTS } from "./support/scripts.js";

const CONFIG = "tests/conformance/differential/langgraph.json";
/** Scripts in flight at a time. The official server looks for the end of a run twice a second, so most of it is waiting. */
const AT_ONCE = 8;

type Outcome = PromiseSettledResult<readonly [ours: unknown, theirs: unknown]>;

describeFleet("side by side with the official server", () => {
  let fleet: TestFleet;
  let official: OfficialServer;
  const outcomes = new Map<string, Outcome>();

  beforeAll(async () => {
    official = await startOfficial(CONFIG);
    fleet = await TestFleet.start({ config: CONFIG });
    const left = [...SCRIPTS];
    await Promise.all(Array.from({ length: AT_ONCE }, () => playAll(left)));
  });
  afterAll(async () => {
    await Promise.all([fleet?.stop(), official?.stop()]);
  });

  async function playAll(left: (readonly [string, Script])[]): Promise<void> {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [name, script] = next;
      const [outcome] = await Promise.allSettled([onBoth(script)]);
      outcomes.set(name, outcome);
    }
  }

  async function onBoth(script: Script) {
    const play = (apiUrl: string) => script(new Client({ apiUrl }));
    return await Promise.all([play(fleet.url), play(official.url)]);
  }

  test.each(SCRIPTS)("%s", (name) => {
    const outcome = outcomes.get(name)!;
    if (outcome.status === "rejected") throw outcome.reason;
    const [ours, theirs] = outcome.value;

    expect(normalise(withoutIntended("ours", ours))).toEqual(normalise(withoutIntended("official", theirs)));
  });
});
