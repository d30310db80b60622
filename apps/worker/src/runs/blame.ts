import { AsyncLocalStorage } from "node:async_hooks";

/*
 * Whose code it was.
 *
 * All runs of a worker share its process, so one graph can end the others' attempts: by an exception that it throws where
 * nobody can catch it, in a timer or an event's listener, or by `process.exit`. Node knows on whose behalf such code runs.
 * So the run that did it fails, and the others go on.
 */

interface Suspect {
  readonly fail: (error: unknown) => void;
}

const atWork = new AsyncLocalStorage<Suspect>();

/** A graph wanted to end the process that it shares with other runs. */
class ExitRefused extends Error {
  override readonly name = "ExitRefused";
}

/**
 * Performs what a run asks for. What its code does to the process is its own.
 *
 * @param perform gets a signal that aborts with `signal`, or with the error that the run is blamed for.
 */
export function answerable<T>(
  signal: AbortSignal,
  perform: (stop: AbortSignal) => T,
): { result: T; blamed: AbortSignal } {
  const blamed = new AbortController();
  const suspect = { fail: (error: unknown) => blamed.abort(error) };
  const result = atWork.run(suspect, () => perform(AbortSignal.any([signal, blamed.signal])));
  return { result, blamed: blamed.signal };
}

/** Lays an exception that nobody caught at the door of the run whose code threw it, if it was a run's. */
export function blame(error: unknown): void {
  atWork.getStore()?.fail(error);
}

/** From now on graphs cannot end the process; everybody else can. */
export function refuseExits(host: { exit: (code?: number | string | null) => never }): void {
  const exit = host.exit.bind(host);
  host.exit = (code) => {
    if (atWork.getStore() === undefined) return exit(code);
    throw new ExitRefused(`A graph called process.exit(${code ?? ""}). It shares its process with other runs.`);
  };
}
