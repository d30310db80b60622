export { databaseUri, openLedger, type LedgerOptions, type TestLedger } from "./ledger.js";
export type { Make, RunFields } from "./ledger-factories.js";
