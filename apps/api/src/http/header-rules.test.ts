import { pickHeaders } from "./header-rules.js";

const headers = {
  "x-user": "ann",
  "x-org-id": "7",
  "user-agent": "test",
  accept: "*/*",
  authorization: "Bearer secret",
  cookie: "session=secret",
  "x-api-key": "secret",
  "set-cookie": ["a", "b"],
};

test.each([
  ["the usual ones without rules", null, ["x-user", "x-org-id", "user-agent"]],
  [
    "the usual ones without those that are excluded",
    { includes: null, excludes: ["x-org-*"] },
    ["x-user", "user-agent"],
  ],
  ["only what is included", { includes: ["accept", "X-Org-Id"], excludes: [] }, ["x-org-id", "accept"]],
  ["excludes win", { includes: ["x-*"], excludes: ["x-user"] }, ["x-org-id"]],
  ["none", { includes: ["*"], excludes: ["*"] }, []],
  ["no secret by a pattern", { includes: ["*"], excludes: [] }, ["x-user", "x-org-id", "user-agent", "accept"]],
  ["a secret by its name", { includes: ["x-api-key", "authorization"], excludes: [] }, ["authorization", "x-api-key"]],
  ["a dot is a dot", { includes: ["x.user"], excludes: [] }, []],
])("takes %s", (_what, rules, names) => {
  expect(Object.keys(pickHeaders(rules)(headers))).toEqual(names);
});
