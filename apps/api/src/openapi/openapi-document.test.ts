import { readFileSync } from "node:fs";
import { Type } from "@sinclair/typebox";
import { json, nothing, operations } from "../http/operation.js";
import { Flag, Limit, oneOrMany, Uuid } from "../http/schemas.js";
import { OPERATIONS } from "../operations.js";
import { docsPage } from "./docs-page.js";
import { withEndpoints } from "./endpoints-table.js";
import { openApiDocument } from "./openapi-document.js";

const Thing = Type.Object({ id: Uuid, tags: Type.Array(Type.String()) }, { title: "Thing" });
const things = operations("Things", [
  {
    method: "post",
    path: "/things/:thing_id/search",
    summary: "Find <things>.",
    params: Type.Object({ thing_id: Uuid }),
    query: Type.Object({ deep: Flag }),
    body: Type.Object({ limit: Limit, name: Type.String(), tags: Type.Optional(oneOrMany(Type.String())) }),
    example: { body: { name: "x" }, query: "deep=true" },
    answers: { 200: json("Them.", Type.Array(Thing), "X-Total"), 204: nothing("Nothing.") },
    problems: [404],
  },
]);
const document = openApiDocument({ version: "1.2.3", operations: things, prefix: "" });
// The tests name what they expect to find.
// oxlint-disable-next-line typescript/no-explicit-any
const post = document.paths["/things/{thing_id}/search"]?.["post"] as any;

describe("the document", () => {
  test("says where each parameter goes", () => {
    expect(post.parameters).toEqual([
      { name: "thing_id", in: "path", required: true, schema: { type: "string", format: "uuid" } },
      { name: "deep", in: "query", required: false, schema: { type: "boolean", default: false } },
    ]);
    expect(post.operationId).toBe("postThingsThingIdSearch");
  });

  test("requires what has no default, and takes one for many where the server does", () => {
    const body = post.requestBody;
    expect(body.required).toBe(true);
    expect(body.content["application/json"]).toMatchObject({
      example: { name: "x" },
      schema: {
        required: ["name"],
        properties: { tags: { anyOf: [{ type: "array", items: { type: "string" } }, { type: "string" }] } },
      },
    });
  });

  test("gives schemas with a title a name", () => {
    expect(document.components.schemas).toMatchObject({ Thing: { type: "object", required: ["id", "tags"] } });
    expect(post.responses["200"]).toMatchObject({
      headers: { "X-Total": {} },
      content: { "application/json": { schema: { items: { $ref: "#/components/schemas/Thing" } } } },
    });
  });

  test("tells the problems, also those that every body can have", () => {
    expect(Object.keys(post.responses)).toEqual(["200", "204", "400", "404", "413", "422"]);
    expect(post.responses["204"]).toEqual({ description: "Nothing." });
  });

  test("names every operation once", () => {
    const all = openApiDocument({ version: "1.2.3", operations: OPERATIONS, prefix: "" });
    const ids = Object.values(all.paths).flatMap((path) =>
      Object.values(path).map((operation) => (operation as { readonly operationId: string }).operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(OPERATIONS.length);
  });

  test("refers to nothing that is not in it", () => {
    const all = openApiDocument({ version: "1.2.3", operations: OPERATIONS, prefix: "" });
    const wanted = [...JSON.stringify(all).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
    expect(Object.keys(all.components.schemas)).toEqual(expect.arrayContaining(wanted));
  });
});

test("the page shows each operation, as text", () => {
  const page = docsPage({ version: "1.2.3", operations: things, prefix: "" });
  expect(page).toContain("<code>/things/{thing_id}/search</code> Find &lt;things&gt;.");
  expect(page).toContain(
    "curl &quot;localhost:8123/things/$THING_ID/search?deep=true&quot; -d '{&quot;name&quot;:&quot;x&quot;}'",
  );
  expect(page).not.toMatch(/<script|src=|https?:/);
});

test("the README's table of endpoints is up to date; pnpm build && pnpm docs:endpoints writes it", () => {
  const readme = readFileSync(new URL("../../../../README.md", import.meta.url), "utf8");
  expect(readme).toBe(withEndpoints(readme, OPERATIONS));
});

test("a README without a place for the table is refused", () => {
  expect(() => withEndpoints("# Nothing here", OPERATIONS)).toThrow("lacks the marks");
});
