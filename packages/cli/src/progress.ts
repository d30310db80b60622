/** One line per finished step: `[2/5] redis      ready in 0.2 s (…)`. Long steps say that they began. */
export class Progress {
  readonly #total: number;
  readonly #write: (line: string) => void;
  #step = 0;

  constructor(total: number, write: (line: string) => void) {
    this.#total = total;
    this.#write = write;
  }

  /** Runs one step. `work` may return words to show behind the time. */
  async step<T>(name: string, work: () => Promise<T>, describe: (result: T) => string = () => ""): Promise<T> {
    this.#step += 1;
    const label = `[${this.#step}/${this.#total}] ${name.padEnd(10)}`;
    const startedAt = performance.now();
    const slow = setTimeout(() => this.#write(`${label} starting …`), 2000);
    try {
      const result = await work();
      const details = describe(result);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      this.#write(`${label} ready in ${seconds} s${details === "" ? "" : ` (${details})`}`);
      return result;
    } finally {
      clearTimeout(slow);
    }
  }
}
