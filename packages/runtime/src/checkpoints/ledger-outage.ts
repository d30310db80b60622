import { DomainError, unavailable } from "@graphfleet/domain";

/** SQLSTATE classes and codes that speak of the server, not of the statement. */
const OUTAGE_CLASSES = new Set(["08", "53", "57", "58"]);

/** The error as the domain knows it: `unavailable` when the database could not be reached or is going down. */
export function ledgerError(error: unknown): unknown {
  if (error instanceof DomainError || !isOutage(error)) return error;
  return unavailable("The database cannot be reached", error);
}

/** Runs a read of the ledger. @throws DomainError `unavailable` in an outage; other errors as they are. */
export async function reading<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw ledgerError(error);
  }
}

function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  // Five characters are a SQLSTATE; ECONNREFUSED and friends come from the socket.
  if (/^[0-9A-Z]{5}$/.test(code)) return OUTAGE_CLASSES.has(code.slice(0, 2));
  if (/^E[A-Z_]+$/.test(code)) return true;
  return /connection|timeout|terminated/i.test(error.message);
}
