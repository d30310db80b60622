import { Type } from "@sinclair/typebox";

import { ConfigError, hidePasswords, loadEnv, redact } from "./config.js";
import { LogEnv } from "./logger.js";
import { StoresEnv } from "./stores-env.js";

const Schema = Type.Object({
  DATABASE_URI: Type.String({ format: "uri", description: "Postgres connection string" }),
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8123 }),
  LOG_JSON: Type.Boolean({ default: false }),
  MODE: Type.Union([Type.Literal("fleet"), Type.Literal("single")], { default: "fleet" }),
  MOUNT_PREFIX: Type.Optional(Type.String()),
  API_KEY: Type.Optional(Type.String({ minLength: 8 })),
});

const DATABASE_URI = "postgres://user:pass@db:5432/app";

const noFile = (path: string): string => {
  throw new Error(`no such file: ${path}`);
};

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadEnv(Schema, env, noFile);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("loadEnv", () => {
  test("coerces, fills in defaults and ignores what the schema does not know", () => {
    const values = loadEnv(Schema, { DATABASE_URI, PORT: "9000", LOG_JSON: "true", PATH: "/bin" });

    expect(values).toEqual({ DATABASE_URI, PORT: 9000, LOG_JSON: true, MODE: "fleet" });
  });

  test("counts an empty variable as not set", () => {
    expect(loadEnv(Schema, { DATABASE_URI, PORT: "", MOUNT_PREFIX: "" })).toMatchObject({ PORT: 8123 });
  });

  test("lists every problem at once, in plain sentences", () => {
    expect(problemsOf({ PORT: "many", LOG_JSON: "perhaps", MODE: "alone" })).toEqual([
      "DATABASE_URI is missing: Postgres connection string.",
      'PORT must be a whole number, got "many".',
      'LOG_JSON must be true or false, got "perhaps".',
      'MODE must be one of fleet, single, got "alone".',
    ]);
  });

  test("names the bound that was passed", () => {
    expect(problemsOf({ DATABASE_URI, PORT: "70000" })).toEqual(['PORT must be at most 65535, got "70000".']);
    expect(problemsOf({ DATABASE_URI, PORT: "-1" })).toEqual(['PORT must be at least 0, got "-1".']);
  });

  test("never repeats a secret or an address with a password", () => {
    const problems = problemsOf({ DATABASE_URI: "pass word", API_KEY: "short" });

    expect(problems).toEqual(["DATABASE_URI must be a valid uri.", "API_KEY must NOT have fewer than 8 characters."]);
  });

  test("uses the schema's own words for a pattern", () => {
    expect(() => loadEnv(Type.Object(LogEnv), { LOG_LEVEL: "loud" })).toThrow(
      'LOG_LEVEL must be one of trace, debug, info, warn, warning, error, fatal, critical, silent, got "loud".',
    );
  });

  test("reads a value from the file that NAME_FILE names, without its last line break", () => {
    const read = (path: string) => (path === "/run/secrets/db" ? `${DATABASE_URI}\n` : noFile(path));

    expect(loadEnv(Schema, { DATABASE_URI_FILE: "/run/secrets/db" }, read)).toMatchObject({ DATABASE_URI });
  });

  test("says once that a file cannot be read", () => {
    expect(problemsOf({ DATABASE_URI_FILE: "/nowhere" })).toEqual([
      "DATABASE_URI_FILE cannot be read: no such file: /nowhere.",
    ]);
  });

  test("refuses a value given twice", () => {
    expect(problemsOf({ DATABASE_URI, DATABASE_URI_FILE: "/run/secrets/db" })).toEqual([
      "DATABASE_URI and DATABASE_URI_FILE are both set; keep one.",
    ]);
  });
});

describe("redact", () => {
  test("hides secrets by name and passwords by shape, at any depth", () => {
    expect(
      redact({
        port: 8123,
        database: { url: DATABASE_URI },
        apiKey: "abc",
        LANGGRAPH_AES_KEY: "abc",
        token: "abc",
        origins: ["*"],
        absent: null,
      }),
    ).toEqual({
      port: 8123,
      database: { url: "postgres://user:***@db:5432/app" },
      apiKey: "***",
      LANGGRAPH_AES_KEY: "***",
      token: "***",
      origins: ["*"],
      absent: null,
    });
  });

  test("leaves addresses without a password alone", () => {
    expect(hidePasswords("redis://:secret@cache:6379 http://localhost:8123/a@b postgres://app@db/x")).toBe(
      "redis://:***@cache:6379 http://localhost:8123/a@b postgres://app@db/x",
    );
    expect(hidePasswords("redis+sentinel://a:s3@one:1,two/main?sentinel_password=s3&x=1 and more")).toBe(
      "redis+sentinel://a:***@one:1,two/main?sentinel_password=***&x=1 and more",
    );
  });
});

test("a variable may have several names: the first that is set counts", () => {
  const read = (env: Record<string, string>) =>
    loadEnv(Type.Object({ DATABASE_URI: StoresEnv.DATABASE_URI }), env).DATABASE_URI;
  const [custom, own, old] = ["postgres://custom/db", "postgres://own/db", "postgres://old/db"];

  expect(read({ POSTGRES_URI: old })).toBe(old);
  expect(read({ POSTGRES_URI: old, DATABASE_URI: own })).toBe(own);
  expect(read({ POSTGRES_URI: old, DATABASE_URI: own, POSTGRES_URI_CUSTOM: custom })).toBe(custom);
  expect(() => read({})).toThrow("DATABASE_URI is missing: Postgres connection string");
});
