import type { Command, Flag } from "./command.js";

/** `graphfleet --help`. */
export function helpOfAll(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return `Usage: graphfleet <command> [options]

${lines.join("\n")}

graphfleet <command> --help tells the options of a command; graphfleet --version the version.
`;
}

/** `graphfleet <command> --help`. */
export function helpOf({ name, summary, operands, flags, notes }: Command): string {
  const shown = Object.entries(flags).filter(([, { about }]) => about !== undefined);
  const ignored = Object.entries(flags).filter(([, { about }]) => about === undefined);
  const rows = [
    ...shown.map(([flag, known]) => [words(flag, known), known.about ?? ""] as const),
    ["--help", "this text"] as const,
  ];
  const width = Math.max(...rows.map(([left]) => left.length));
  const parts = [
    `Usage: graphfleet ${name}${operands === undefined ? "" : ` ${operands}`} [options]`,
    summary,
    rows.map(([left, about]) => `  ${left.padEnd(width)}  ${about}`).join("\n"),
    ...(notes === undefined ? [] : [notes]),
    ...(ignored.length === 0 ? [] : [`Accepted without effect: ${ignored.map(([flag]) => `--${flag}`).join(", ")}.`]),
  ];
  return `${parts.join("\n\n")}\n`;
}

const words = (flag: string, { short, value }: Flag): string =>
  `${short === undefined ? "" : `-${short}, `}--${flag}${value === undefined ? "" : ` ${value}`}`;
