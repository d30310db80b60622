import { readFileSync } from "node:fs";
import { configuration } from "./configuration.js";

const page = new URL("../../../../docs/configuration.md", import.meta.url);

test("docs/configuration.md is what the schemas say; else: pnpm build && pnpm docs:configuration", () => {
  expect(readFileSync(page, "utf8")).toBe(configuration());
});

test("keys inside sections, other names, defaults that differ and keys without effect are told", () => {
  const text = configuration();
  expect(text).toContain("| `store.ttl.default_ttl` | a number of minutes above 0 |");
  expect(text).toContain("`POSTGRES_URI_CUSTOM`, else `DATABASE_URI`, else `POSTGRES_URI`");
  expect(text).toMatch(/`OPS_PORT` .*`8124` \(worker\), `8125` \(scheduler\)/);
  expect(text).toMatch(/`ui` .*\*\*Without effect\*\*: this version has no \/ui\./);
});
