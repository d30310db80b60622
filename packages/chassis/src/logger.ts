import { type Static, Type } from "@sinclair/typebox";
import { pino } from "pino";

import { hidePasswords } from "./config.js";

/** A log line is a constant sentence plus fields: `log.info({ run_id }, "run started")`. Never inputs or outputs. */
export type Logger = pino.Logger;

const LEVELS: Readonly<Record<string, pino.LevelWithSilent>> = {
  trace: "trace",
  debug: "debug",
  info: "info",
  warn: "warn",
  warning: "warn",
  error: "error",
  fatal: "fatal",
  critical: "fatal",
  silent: "silent",
};

const names = Object.keys(LEVELS);

/** The variables of the log; a process spreads them into its own schema. */
export const LogEnv = {
  LOG_LEVEL: Type.String({
    default: "info",
    pattern: `^(${[...names, ...names.map((name) => name.toUpperCase())].join("|")})$`,
    expected: `one of ${names.join(", ")}`,
    description: "Least important level that is logged",
  }),
  LOG_JSON: Type.Boolean({ default: false, description: "One JSON object per line instead of readable text" }),
};

export interface LoggerOptions {
  /** Which process speaks: api, worker, scheduler, ... */
  readonly service: string;
  /** As in LOG_LEVEL; default "info". */
  readonly level?: string;
  /** Default false: one readable line per event. */
  readonly json?: boolean;
  /** Where lines go; default standard output. */
  readonly write?: (line: string) => void;
}

/** Opens the log of a process. Credentials and passwords in URIs are hidden wherever they appear in a line. */
export function createLogger(options: LoggerOptions): Logger {
  const write = options.write ?? ((line: string) => void process.stdout.write(line));
  const line = options.json === true ? (text: string) => text : readable;
  return pino(
    {
      level: LEVELS[(options.level ?? "info").toLowerCase()] ?? "info",
      base: { service: options.service },
      messageKey: "event",
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    { write: (text: string) => write(line(hideSecrets(text))) },
  );
}

/** Reads `LogEnv` values as the options of `createLogger`. */
export const logOptions = (env: {
  readonly LOG_LEVEL: Static<typeof LogEnv.LOG_LEVEL>;
  readonly LOG_JSON: Static<typeof LogEnv.LOG_JSON>;
}): { readonly level: string; readonly json: boolean } => ({ level: env.LOG_LEVEL, json: env.LOG_JSON });

const SECRET_FIELD =
  /"((?:proxy-)?authorization|x-api-key|api[_-]?key|cookie|set-cookie|password|secret|token)":"(?:[^"\\]|\\.)*"/gi;

// Works on the finished JSON text, so depth does not matter and a new field cannot be forgotten.
const hideSecrets = (text: string): string => hidePasswords(text.replaceAll(SECRET_FIELD, '"$1":"***"'));

/** `12:30:01.204 info  worker    run started run_id=… attempt=1`; a stack follows on its own lines. */
function readable(text: string): string {
  const { timestamp, level, service, event, err, error, ...fields } = JSON.parse(text) as Record<string, unknown>;
  const failure = (err ?? error) as { message?: unknown; stack?: unknown } | string | undefined;
  const parts = [
    clock(new Date(String(timestamp))),
    String(level).padEnd(5),
    String(service).padEnd(9),
    typeof event === "string" ? event : "",
    ...Object.entries(fields).map(([key, value]) => `${key}=${plain(value)}`),
  ];
  if (failure === undefined) return `${parts.join(" ")}\n`;
  if (typeof failure === "string") return `${parts.join(" ")} err=${plain(failure)}\n`;
  const stack = typeof failure.stack === "string" ? failure.stack : "";
  const below = stack.includes("\n    at ") ? `\n${stack.replaceAll(/^/gm, "    ")}` : "";
  return `${parts.join(" ")} err=${plain(failure.message)}${below}\n`;
}

const clock = (at: Date): string =>
  `${[at.getHours(), at.getMinutes(), at.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":")}.${String(at.getMilliseconds()).padStart(3, "0")}`;

const plain = (value: unknown): string =>
  typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : (JSON.stringify(value) ?? "undefined");
