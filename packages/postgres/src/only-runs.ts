import type { OnlyRuns } from "@graphfleet/domain";
import { type RawBuilder, sql } from "kysely";

/** More starts than a run can have: a statement is one text, whether it is asked for all runs or not. */
const ALL: OnlyRuns = { startedBelow: 2 ** 31 - 1 };

/** Whether a row of runs is one of those. */
export const among = (alias: string, { startedBelow }: OnlyRuns = ALL): RawBuilder<boolean> =>
  sql<boolean>`(${sql.ref(`${alias}.attempt`)} < ${startedBelow}::int or ${sql.ref(`${alias}.cancel_action`)} is not null)`;
