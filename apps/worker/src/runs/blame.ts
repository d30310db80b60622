import { AsyncLocalStorage } from "node:async_hooks";

/*
 * Whose code it was.
 *
 * All runs of a worker share its process, so one graph can end the others' attempts: by an exception that it throws where
 * nobody can catch it, in a timer or an event's listener, or by `process.exit` and its like. Node knows on whose behalf
 * such code runs. So the run that did it fails, and the others go on.
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

type Host = Pick<NodeJS.Process, "exit" | "abort" | "kill" | "pid">;

/** From now on graphs cannot end the process; everybody else can. */
export function refuseExits(host: Host): void {
  const exit = host.exit.bind(host);
  const abort = host.abort.bind(host);
  const kill = host.kill.bind(host);
  host.exit = (code) => {
    refuseGraphs(`exit(${code ?? ""})`);
    return exit(code);
  };
  host.abort = () => {
    refuseGraphs("abort()");
    return abort();
  };
  host.kill = (pid, signal) => {
    // 0 and negative numbers are groups of processes; signal 0 only asks whether one is there.
    const isOurs = pid === 0 || Math.abs(pid) === host.pid;
    if (isOurs && signal !== 0) refuseGraphs(`kill(${pid})`);
    return kill(pid, signal);
  };
}

function refuseGraphs(call: string): void {
  if (atWork.getStore() === undefined) return;
  throw new ExitRefused(`A graph called process.${call}. It shares its process with other runs.`);
}
