/** What each of these crons asks of its graph. */
const TEMPLATE = {
  input: { messages: [{ role: "user", content: "good morning" }] },
  config: {},
  context: null,
  webhook: null,
  interruptBefore: null,
  interruptAfter: null,
  multitaskStrategy: "enqueue",
  streamModes: null,
  streamSubgraphs: false,
  streamResumable: false,
  durability: null,
};

/**
 * Writes `count` crons that are all due at `slot`, all the same. The API would take longer.
 *
 * @param {{ storage: object, pool: object }} ledger
 * @param {{ randomIds: object, WHOLE_HOUSE: object }} domain of the build that is measured
 * @param {{ count: number, slot: Date, assistantId: string, schedule: string, timezone?: string, endTime?: Date }} crons
 */
export async function writeCrons({ storage, pool }, { randomIds, WHOLE_HOUSE }, { count, slot, ...crons }) {
  const { id } = await storage.crons.insert({
    id: randomIds.cron(),
    threadId: null,
    onRunCompleted: "keep",
    timezone: null,
    endTime: null,
    enabled: true,
    nextRunAt: slot,
    userId: null,
    template: TEMPLATE,
    metadata: {},
    owner: { caller: { identity: null, permissions: [], user: null, headers: {} }, scope: WHOLE_HOUSE, stamp: {} },
    ...crons,
  });
  const columns = "assistant_id, on_run_completed, schedule, timezone, end_time, next_run_at, payload, auth, metadata";
  await pool.query(
    `insert into crons (cron_id, ${columns})
     select gen_random_uuid(), ${columns} from crons, generate_series(2, $2::int) where cron_id = $1`,
    [id, count],
  );
}
