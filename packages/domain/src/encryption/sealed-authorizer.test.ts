import { allowAll, type Authorizer } from "../auth/authorizer.js";
import { ANONYMOUS } from "../auth/caller.js";
import type { Scope } from "../auth/scope.js";
import { openEncryption } from "./open-encryption.js";
import { sealedAuthorizer } from "./sealed-authorizer.js";
import { tenantHandlers } from "../../test/tenant-handlers.js";

const SETTINGS = { key: undefined, fallbackKeys: "", legacyKey: undefined, jsonKeys: "" };
const aes = openEncryption({ ...SETTINGS, key: "k".repeat(32), jsonKeys: "note" });
const asking = (scope: Scope): Authorizer => ({
  authorize: (_caller, _event, value) => Promise.resolve({ scope, value }),
});
const by = (key: string): Scope => ({ conditions: [{ key, operator: "eq", value: "ann" }] });

test.each([
  ["a key", by("note")],
  ["one of several", { conditions: [...by("owner").conditions, ...by("note").conditions] }],
  ["an alternative", { conditions: [{ anyOf: [by("owner"), by("note")] }] }],
])("refuses to filter by %s that is sealed", async (_what, scope) => {
  for (const encryption of [aes, openEncryption(SETTINGS, tenantHandlers().handlers)]) {
    const authorizer = sealedAuthorizer(asking(scope), encryption);
    for (const event of ["threads:create", "threads:search", "store:put", "assistants:read", "crons:update"] as const) {
      await expect(authorizer.authorize(ANONYMOUS, event, {})).rejects.toMatchObject({
        code: "invalid_request",
        message: "Cannot filter by the authorization's note: it is encrypted",
      });
    }
  }
});

test("filters by the rest, and asks handlers once about each key", async () => {
  const { handlers, calls } = tenantHandlers();
  const authorizer = sealedAuthorizer(asking(by("owner")), openEncryption(SETTINGS, handlers));
  for (const event of ["threads:read", "threads:search"] as const)
    expect((await authorizer.authorize(ANONYMOUS, event, {})).scope).toEqual(by("owner"));
  expect(calls).toHaveLength(1);
});

test("without encryption it is the authorizer itself", () => {
  expect(sealedAuthorizer(allowAll, null)).toBe(allowAll);
});
