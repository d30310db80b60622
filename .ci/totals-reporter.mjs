// Adds one line of totals per Jest run to the file that .ci/run sums up. A suite that could not even load is one failure.
import { appendFileSync } from "node:fs";

export default class TotalsReporter {
  #file;

  constructor(_globalConfig, { file }) {
    this.#file = file;
  }

  onRunComplete(_contexts, results) {
    const passed = results.numPassedTests;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    appendFileSync(this.#file, `${passed} ${failed} ${skipped}\n`);
  }
}
