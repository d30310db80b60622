/** The ledger says that another worker owns the run now. Whatever we were about to write is void. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";

  constructor(runId: string) {
    super(`The lease of run ${runId} is lost`);
  }
}
