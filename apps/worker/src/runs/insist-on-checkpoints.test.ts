import {
  type CheckpointBatch,
  type CheckpointRepository,
  type Claim,
  DomainError,
  type Repositories,
  unavailable,
} from "@graphfleet/domain";
import { aLog, runId, threadId } from "../../test/fakes.js";
import { insistOnCheckpoints } from "./insist-on-checkpoints.js";

const BATCH: CheckpointBatch = { threadId: threadId(1), checkpoints: [], blobs: [], writes: [] };
const CLAIM: Claim = { threadId: threadId(1), runId: runId(1), fence: 1 };
const outage = unavailable("Postgres is away");

/** With a private field, as the real one has its connection. */
class Checkpoints {
  readonly failures: Error[];
  #writes = 0;

  constructor(...failures: readonly Error[]) {
    this.failures = [...failures];
  }

  async write(): Promise<boolean> {
    this.#writes += 1;
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    return true;
  }

  async head(): Promise<string> {
    return `after ${this.#writes}`;
  }
}

function setUp(failures: readonly Error[], patience = { retryDelaysMs: [0, 0], withinMs: 60_000 }) {
  const checkpoints = new Checkpoints(...failures) as unknown as CheckpointRepository;
  const { log, sentences } = aLog();
  const storage = insistOnCheckpoints({ checkpoints } as Pick<Repositories, "checkpoints">, log, patience);
  const written = () => storage.checkpoints.head(threadId(1), "");
  return { write: (claim: Claim | null) => storage.checkpoints.write(BATCH, claim), written, sentences };
}

test("a run's checkpoint is written again when the ledger was away", async () => {
  const { write, written, sentences } = setUp([outage, outage]);

  expect(await write(CLAIM)).toBe(true);

  expect(await written()).toBe("after 3");
  expect(sentences).toEqual(["the ledger is away; trying again", "the ledger is away; trying again"]);
});

test("not for ever, and not after the time that a lease leaves", async () => {
  await expect(setUp([outage, outage, outage]).write(CLAIM)).rejects.toBe(outage);

  const late = setUp([outage, outage], { retryDelaysMs: [0, 0], withinMs: -1 });
  await expect(late.write(CLAIM)).rejects.toBe(outage);
  expect(await late.written()).toBe("after 1");
});

test("an error that time does not heal, and what is written by hand, is told at once", async () => {
  const refused = new DomainError("conflict", "no");
  await expect(setUp([refused]).write(CLAIM)).rejects.toBe(refused);
  await expect(setUp([outage]).write(null)).rejects.toBe(outage);
});
