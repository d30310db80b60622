export interface Paint {
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
}

const ansi =
  (on: boolean, open: number, close: number) =>
  (text: string): string =>
    on ? `\u001B[${open}m${text}\u001B[${close}m` : text;

/** Colours for a terminal; plain text for everybody else, and where NO_COLOR is set (https://no-color.org). */
export function makePaint(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Paint {
  const on = isTerminal && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
  return {
    red: ansi(on, 31, 39),
    green: ansi(on, 32, 39),
    yellow: ansi(on, 33, 39),
    dim: ansi(on, 2, 22),
    bold: ansi(on, 1, 22),
  };
}
