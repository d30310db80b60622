import { docsPage } from "./docs-page.js";
import { openApiDocument } from "./openapi-document.js";
import { json, operations } from "../http/operation.js";
import { AnyObject } from "../http/schemas.js";
import { OPERATIONS } from "../operations.js";

const get = (path: string) => ({
  method: "get" as const,
  path,
  summary: "Get it.",
  answers: { 200: json("It.", AnyObject) },
});
const source = { version: "1", operations: operations("Things", [get("/things"), get("/ok")]), prefix: "" };
const bearer = { type: "http", scheme: "bearer" };
const security = { securitySchemes: { bearer }, security: [{ bearer: [] }] };

const document = (more: object) => openApiDocument({ ...source, open: ["/ok"], security: { ...security, ...more } });

test("a project's schemes and demands are in the document", () => {
  expect(document({})).toMatchObject({ security: [{ bearer: [] }], components: { securitySchemes: { bearer } } });
});

test("what is open says that it demands nothing, and nothing else does", () => {
  const { paths } = document({});
  expect(paths["/ok"]?.["get"]).toMatchObject({ summary: "Get it.", security: [] });
  expect(paths["/things"]?.["get"]).not.toHaveProperty("security");
});

test("a project may say what one operation demands, describe it otherwise, and describe routes of its own", () => {
  const { paths } = document({
    paths: {
      "/things": { get: [{ admin: [] }] },
      "/ok": { get: { summary: "Mine.", security: [{ bearer: [] }] } },
      "/hello": { post: { summary: "Hello." } },
      "/odd": "this is none",
    },
  });
  expect(paths["/things"]?.["get"]).toMatchObject({ summary: "Get it.", security: [{ admin: [] }] });
  expect(paths["/ok"]?.["get"]).toMatchObject({ summary: "Mine.", security: [{ bearer: [] }], tags: ["Things"] });
  expect(paths["/hello"]).toEqual({ post: { summary: "Hello." } });
  expect(paths).not.toHaveProperty("/odd");
});

test("where nobody says anything, the document does not either", () => {
  const all = openApiDocument({ version: "1", operations: OPERATIONS, prefix: "", open: ["/ok"], security: null });
  expect(JSON.stringify(all)).not.toMatch(/"security/);
});

test("the page shows how to log in, as text", () => {
  const words = { description: "<b>Ask us</b>" };
  const page = docsPage({ ...source, security: { securitySchemes: { bearer: { ...bearer, ...words } } } });
  expect(page).toContain("<h2>Login</h2>");
  expect(page).toContain("&lt;b&gt;Ask us");
  expect(docsPage(source)).not.toContain("Login");
});
