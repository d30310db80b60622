import { DomainError, unavailable } from "@graphfleet/domain";

/** Conditions under which the same request may well succeed a moment later: nothing is wrong with the statement. */
const OUTAGES = new Set([
  "25006", // read_only_sql_transaction: we are talking to a former primary
  "25P03", // idle_in_transaction_session_timeout
  "53000", // insufficient_resources
  "53100", // disk_full
  "53200", // out_of_memory
  "53300", // too_many_connections
  "55P03", // lock_not_available: lock_timeout
  "57014", // query_canceled: statement_timeout
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now
  "57P05", // idle_session_timeout
]);

/** The network's way of saying the same. */
const NETWORK = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
]);

/** node-postgres reports lost connections by sentence only. */
const LOST =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered|Client was closed)/;

/** Two transactions got in each other's way and Postgres chose one to fail. Trying again is the remedy. */
const CONFLICTS = new Set(["40001", "40P01"]);

/** True when this unique constraint or index refused the row. */
export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return codeOf(error) === "23505" && (error as { readonly constraint?: unknown }).constraint === constraint;
}

/** The server takes no writes any more. Others do; this connection is of no use. */
export const isFormerPrimary = (error: unknown): boolean => codeOf(error) === "25006";

/** A deadlock or a serialization failure: the whole transaction may be tried again. */
export function isConflict(error: unknown): boolean {
  return CONFLICTS.has(codeOf(error));
}

/** An outage or a conflict: the same work may succeed later. */
export function isTransient(error: unknown): boolean {
  return isConflict(error) || isOutage(error);
}

/** What callers of the ledger see: an outage becomes `unavailable`, with its cause; anything else stays what it is. */
export function toLedgerError(error: unknown): unknown {
  return isOutage(error) && !(error instanceof DomainError)
    ? unavailable("The database is not available.", error)
    : error;
}

function isOutage(error: unknown): boolean {
  if (error instanceof DomainError) return error.code === "unavailable";
  const code = codeOf(error);
  return (
    OUTAGES.has(code) ||
    NETWORK.has(code) ||
    code.startsWith("08") || // connection_exception
    (error instanceof Error && LOST.test(error.message))
  );
}

function codeOf(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}
