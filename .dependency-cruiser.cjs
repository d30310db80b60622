// Who may know whom. package.json already decides what resolves; this says it in one place and adds what pnpm cannot:
// no cycles, no test code in production, feature folders of the API keep to themselves.

/** Packages each package may import, besides itself. A package that is not named here may import nobody. */
const MAY_KNOW = {
  domain: [],
  chassis: [],
  embedded: [],
  postgres: ["domain"],
  redis: ["domain"],
  memory: ["domain"],
  runtime: ["domain"],
  testkit: ["domain", "embedded", "postgres"],
  cli: ["domain", "chassis", "embedded", "postgres", "redis", "memory", "runtime"],
};

/** What each app is wired from. Only `cli` may import apps: one-process mode composes them. */
const APP_MAY_KNOW = {
  api: ["domain", "chassis", "postgres", "redis", "runtime"],
  worker: ["domain", "chassis", "postgres", "redis", "runtime"],
  scheduler: ["domain", "chassis", "postgres", "redis", "runtime"],
};

/** Shared corners of the API: every feature may use them, they know no feature. */
const API_SHARED = "http|auth";

/** Tests beside the source, and what only they use: `test/` next to `src/`. */
const TEST = "\\.test\\.ts$|^(apps|packages)/[^/]+/test/";

// An import of a workspace name resolves to the built file, or keeps its bare name while nothing is built.
const packagesExcept = (names) =>
  `^(packages|@graphfleet)/(?!(${[...names, ...Object.keys(APP_MAY_KNOW)].join("|")})(/|$))`;
const ANY_APP = `^(apps/|@graphfleet/(${Object.keys(APP_MAY_KNOW).join("|")})(/|$))`;

const directions = [
  ...Object.entries(MAY_KNOW).map(([name, known]) => ({
    name: `${name}-knows`,
    comment: `packages/${name} may import ${known.length > 0 ? known.join(", ") : "no other package of ours"}.`,
    severity: "error",
    from: { path: `^packages/${name}/src/`, pathNot: TEST },
    to: { path: packagesExcept([name, ...known]) },
  })),
  ...Object.entries(APP_MAY_KNOW).map(([name, known]) => ({
    name: `${name}-knows`,
    comment: `apps/${name} may import ${known.join(", ")}.`,
    severity: "error",
    from: { path: `^apps/${name}/src/`, pathNot: TEST },
    to: { path: packagesExcept(known) },
  })),
];

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      comment: "A cycle hides which file is the foundation. Types count too.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    ...directions,
    {
      name: "apps-are-alone",
      comment: "Apps meet on the ledger and the wire, never in an import.",
      severity: "error",
      from: { path: "^apps/([^/]+)/" },
      to: { path: ANY_APP, pathNot: "^apps/$1/" },
    },
    {
      name: "only-cli-composes-apps",
      comment: "One-process mode lives in the cli; no other package reaches up.",
      severity: "error",
      from: { path: "^packages/", pathNot: "^packages/cli/" },
      to: { path: ANY_APP },
    },
    {
      name: "domain-opens-no-socket",
      comment: "The domain computes. Files, sockets and processes belong to adapters.",
      severity: "error",
      from: { path: "^packages/domain/src/", pathNot: TEST },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?(crypto|assert|util|async_hooks)$" },
    },
    {
      name: "langchain-lives-in-runtime",
      comment: "Only the runtime knows how a graph is built and run.",
      severity: "error",
      from: { path: "^(apps|packages)/", pathNot: ["^packages/(runtime|testkit)/", TEST] },
      to: { path: "@langchain/" },
    },
    {
      name: "scheduler-loads-no-graphs",
      comment:
        "The scheduler reads langgraph.json and asks the project's auth; whatever can load a graph stays out of its process.",
      severity: "error",
      from: { path: "^apps/scheduler/src/" },
      to: {
        path: "^(packages|@graphfleet)/runtime(/|$)",
        pathNot: "runtime/(dist/|src/)?(auth|project)(\\.[jt]s|\\.d\\.ts)?$",
      },
    },
    {
      name: "no-testkit-in-production",
      comment: "Test code never ships.",
      severity: "error",
      from: { path: "^(apps|packages)/", pathNot: ["^packages/testkit/", TEST] },
      to: { path: "^(packages|@graphfleet)/testkit(/|$)" },
    },
    {
      name: "no-tests-in-source",
      comment: "A test is nobody's dependency.",
      severity: "error",
      from: { pathNot: TEST },
      to: { path: TEST },
    },
    {
      name: "api-features-keep-to-themselves",
      comment: "A feature folder imports its own folder, http/, auth/, files at the top of src, and packages.",
      severity: "error",
      from: { path: "^apps/api/src/([^/]+)/", pathNot: [`^apps/api/src/(${API_SHARED})/`, TEST] },
      to: { path: "^apps/api/src/[^/]+/", pathNot: ["^apps/api/src/$1/", `^apps/api/src/(${API_SHARED})/`] },
    },
    {
      name: "api-shared-knows-no-feature",
      comment: "http/ and auth/ are below the features.",
      severity: "error",
      from: { path: `^apps/api/src/(${API_SHARED})/`, pathNot: TEST },
      to: { path: "^apps/api/src/[^/]+/", pathNot: `^apps/api/src/(${API_SHARED})/` },
    },
    {
      name: "nothing-unresolvable",
      comment: "An import that resolves to nothing is a missing dependency in package.json.",
      severity: "error",
      from: {},
      // Our own packages resolve to dist, which may not be built yet.
      to: { couldNotResolve: true, pathNot: "^@graphfleet/" },
    },
  ],
  options: {
    doNotFollow: { path: ["node_modules", "/dist/"] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["types", "import", "node", "default"],
      extensions: [".ts", ".js", ".mjs", ".cjs", ".json"],
    },
  },
};
