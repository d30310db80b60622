import { createLogger, type LoggerOptions, logOptions } from "./logger.js";

function open(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const log = createLogger({ service: "worker", write: (line) => lines.push(line), ...options });
  return { log, lines };
}

describe("createLogger", () => {
  test("writes one readable line per event", () => {
    const { log, lines } = open();

    log.info({ run_id: "r-1", attempt: 2, note: "two words" }, "run started");

    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} info {2}worker {4}run started run_id=r-1 attempt=2 note="two words"\n$/,
    );
  });

  test("writes one JSON object per line when asked", () => {
    const { log, lines } = open({ json: true });

    log.child({ run_id: "r-1" }).warn({ attempt: 2 }, "lease lost");

    expect(JSON.parse(lines[0]!)).toEqual({
      level: "warn",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      service: "worker",
      run_id: "r-1",
      attempt: 2,
      event: "lease lost",
    });
  });

  test("puts an error's message on the line and its stack below", () => {
    const { log, lines } = open();

    log.error({ err: new Error("no route") }, "request failed");

    const [first, ...below] = lines[0]!.trimEnd().split("\n");
    expect(first).toMatch(/request failed err="no route"$/);
    expect(below[0]).toBe("    Error: no route");
    expect(below[1]).toMatch(/^ {8}at /);
  });

  test("logs a bare string as an error", () => {
    const { log, lines } = open();

    log.error({ err: "gone" }, "request failed");

    expect(lines[0]).toMatch(/request failed err=gone\n$/);
  });

  test.each([true, false])("hides credentials wherever they appear (json: %s)", (json) => {
    const { log, lines } = open({ json });

    log.info(
      {
        headers: { authorization: 'Bearer abc\\"def', "x-api-key": "lsv2_abc", accept: "*/*" },
        database: "postgres://app:hunter2@db:5432/app",
        deep: { er: { password: "hunter2" } },
      },
      "connecting to redis://:hunter2@cache:6379",
    );

    expect(lines[0]).not.toMatch(/hunter2|lsv2_abc|Bearer|def/);
    expect(lines[0]).toMatch(/postgres:\/\/app:\*\*\*@db:5432\/app/);
    expect(lines[0]).toMatch(/redis:\/\/:\*\*\*@cache:6379/);
  });

  test.each([
    ["WARNING", ["warned"]],
    ["error", []],
    [undefined, ["told", "warned"]],
  ])("keeps to the level %s", (level, expected) => {
    const { log, lines } = open({ json: true, ...(level === undefined ? {} : { level }) });

    log.debug({}, "whispered");
    log.info({}, "told");
    log.warn({}, "warned");

    expect(lines.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(expected);
  });

  test("takes its options from the environment's values", () => {
    expect(logOptions({ LOG_LEVEL: "debug", LOG_JSON: true })).toEqual({ level: "debug", json: true });
  });
});
