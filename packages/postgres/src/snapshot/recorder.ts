import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from "kysely";

import type { Database } from "../schema.js";

/** One row with an answer for every column that some method looks at before it goes on. */
const ROW = {
  run_id: "00000000-0000-7000-8000-000000000001",
  thread_id: "00000000-0000-7000-8000-000000000002",
  assistant_id: "00000000-0000-4000-8000-000000000003",
  status: "pending",
  fence: 0,
  attempt: 3,
  cancel_action: null,
  held: true,
  total: 1,
  ttl_minutes: 1,
  namespace: ["a"],
  key: "k",
};

/**
 * A database without a database: notes every statement, and answers each with one row so that methods of several
 * statements go on. `answers` change that row, or take it away, for the statements in order.
 */
export function recorder(answers: readonly (object | null)[] = []): { db: Kysely<Database>; statements: string[] } {
  const statements: string[] = [];
  const pending = [...answers];

  const connection: DatabaseConnection = {
    async executeQuery<R>({ sql }: CompiledQuery) {
      statements.push(sql);
      const answer = pending.length > 0 ? pending.shift() : {};
      // The rows stand in for those of any statement; only the members above are ever looked at.
      const rows = (answer === null ? [] : [{ ...ROW, ...answer }]) as R[];
      return { rows, numAffectedRows: BigInt(rows.length) };
    },
    // eslint-disable-next-line require-yield
    async *streamQuery() {
      throw new Error("The ledger does not stream.");
    },
  };
  const note = (text: string) => async () => {
    statements.push(text);
  };
  const driver: Driver = {
    init: async () => undefined,
    acquireConnection: async () => connection,
    beginTransaction: note("begin"),
    commitTransaction: note("commit"),
    rollbackTransaction: note("rollback"),
    releaseConnection: async () => undefined,
    destroy: async () => undefined,
  };
  const db = new Kysely<Database>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: (of) => new PostgresIntrospector(of),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
  return { db, statements };
}
