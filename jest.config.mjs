// One Jest, three rings. ESM mode: graphs under test are ES modules, and CommonJS mode cannot import them.
// Workspace packages are mapped to their sources, so unit and integration tests need no build first.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const globalSetup = fileURLToPath(new URL("packages/testkit/src/jest-global-setup.mjs", import.meta.url));
const globalTeardown = fileURLToPath(new URL("packages/testkit/src/jest-global-teardown.mjs", import.meta.url));

/** Real servers, started once per run for the rings that need them. */
const servers = {
  ...(existsSync(globalSetup) ? { globalSetup } : {}),
  ...(existsSync(globalTeardown) ? { globalTeardown } : {}),
};

const base = {
  rootDir: fileURLToPath(new URL(".", import.meta.url)),
  testEnvironment: "node",
  extensionsToTreatAsEsm: [".ts"],
  moduleNameMapper: {
    "^@graphfleet/(api|worker|scheduler)$": "<rootDir>/apps/$1/src/index.ts",
    "^@graphfleet/([^/]+)$": "<rootDir>/packages/$1/src/index.ts",
    // Sources name the built file, as Node wants it; in tests the TypeScript file stands in its place.
    "^(\\.{1,2}/.*)\\.js$": "$1",
  },
  transform: {
    "^.+\\.tsx?$": [
      "@swc/jest",
      {
        jsc: { parser: { syntax: "typescript", decorators: true }, target: "es2022" },
        module: { type: "es6" },
        sourceMaps: "inline",
      },
    ],
  },
  setupFilesAfterEnv: ["<rootDir>/.ci/jest-timeout.mjs"],
  modulePathIgnorePatterns: ["/dist/", "/\\.graphfleet/"],
  testPathIgnorePatterns: ["/node_modules/", "/dist/"],
};

/** The feature folders that may hold tests beside their source. */
const beside = (suffix) => ["apps", "packages", "examples"].map((root) => `<rootDir>/${root}/**/*${suffix}`);

// Set by .ci/run, which prints the sum of all runs.
const totalsFile = process.env.TEST_TOTALS_FILE;

export default {
  maxWorkers: 2,
  reporters: ["default", ...(totalsFile ? [["<rootDir>/.ci/totals-reporter.mjs", { file: totalsFile }]] : [])],
  forceExit: false,
  projects: [
    {
      ...base,
      displayName: "unit",
      globals: { RING_TIMEOUT_MS: 10_000 },
      testMatch: [
        ...beside(".test.ts"),
        "<rootDir>/{scripts,tests/bench,tests/deploy}/**/*.test.mjs",
        "<rootDir>/tests/{graphs,chaos}/**/*.test.ts",
      ],
      testPathIgnorePatterns: [...base.testPathIgnorePatterns, "\\.(int|e2e)\\.test\\.ts$"],
    },
    {
      ...base,
      ...servers,
      displayName: "integration",
      globals: { RING_TIMEOUT_MS: 60_000 },
      testMatch: beside(".int.test.ts"),
    },
    {
      ...base,
      ...servers,
      displayName: "e2e",
      globals: { RING_TIMEOUT_MS: 120_000 },
      testMatch: ["<rootDir>/tests/{e2e,conformance,projects}/**/*.e2e.test.ts"],
    },
  ],
};
