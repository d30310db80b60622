export { openLeases, openPostgres, type PoolStats, type PostgresLedger, type PostgresOptions } from "./database.js";
export { inspectPostgres, type PostgresFacts } from "./inspect.js";
export {
  migrate,
  requireCurrentSchema,
  schemaState,
  SchemaMismatch,
  type ExtraStep,
  type MigrateOptions,
  type SchemaState,
} from "./migrate.js";
export { type Renewed, renewTables, type RenewOptions } from "./renew-tables.js";
export { MIGRATIONS } from "./migrations/index.js";
export { isTransient, isUniqueViolation } from "./pg-errors.js";
export { openPool, type PoolOptions } from "./pool.js";
export type { Database } from "./schema.js";
