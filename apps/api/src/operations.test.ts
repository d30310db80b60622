import { Metrics } from "@graphfleet/chassis";
import { type AppParts, buildApp } from "./app.js";
import { httpRules } from "./http/http-rules.js";
import { openApiPath } from "./openapi/openapi-document.js";
import { makeStages } from "./stopping.js";
import { OPERATIONS } from "./operations.js";

/** As far as Express lets itself be looked into. */
interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle?: { readonly stack?: readonly Layer[] };
}

/** Enough to be put together; no request is sent. */
const rules = httpRules({
  settings: { configurableHeaders: null, loggingHeaders: null },
  corsOrigins: ["*"],
  prefix: "",
});
const parts = {
  rules,
  storage: {},
  metrics: new Metrics({ process: false }),
  info: { version: "0.0.0" },
  custom: null,
};

function routesOf(layers: readonly Layer[]): string[] {
  return layers.flatMap(({ route, handle }) => {
    if (route === undefined) return routesOf(handle?.stack ?? []);
    return Object.keys(route.methods).map((method) => `${method} ${route.path}`);
  });
}

test("every route is described in its feature's *.operations.ts, and nothing else is", () => {
  // What is missing would only be used by a request.
  const app = buildApp(parts as unknown as AppParts, makeStages());
  const served = routesOf((app.router as unknown as { readonly stack: readonly Layer[] }).stack);
  const described = OPERATIONS.map(({ method, path }) => `${method} ${path}`);

  expect(described.toSorted()).toEqual(served.toSorted());
});

test.each(OPERATIONS.map((operation) => [`${operation.method} ${operation.path}`, operation] as const))(
  "%s describes each part of its path",
  (_name, { path, params }) => {
    const inPath = Array.from(path.matchAll(/:(\w+)/g), ([, name]) => String(name));
    expect(Object.keys((params?.properties as object | undefined) ?? {}).toSorted()).toEqual(inPath.toSorted());
    expect(openApiPath(path)).not.toContain(":");
  },
);
