import { openApi, type TestApi } from "../../test/open-api.js";

let server: TestApi;
beforeAll(async () => {
  server = await openApi();
});
afterAll(() => server.close());

test("GET /openapi.json: the whole API", async () => {
  const { status, json } = await server.call("GET", "/openapi.json");
  expect(status).toBe(200);
  expect(json).toMatchObject({ openapi: "3.1.0", info: { version: "1.2.3" } });
  expect(json.paths["/threads/{thread_id}/runs/stream"].post.responses["200"].content).toHaveProperty([
    "text/event-stream",
  ]);
});

test("GET /docs: a page that may load and execute nothing", async () => {
  const { status, text, headers } = await server.call("GET", "/docs");
  expect(status).toBe(200);
  expect(headers.get("content-type")).toMatch(/^text\/html/);
  expect(headers.get("content-security-policy")).toMatch(/^default-src 'none'/);
  expect(text).toContain("<code>/threads/{thread_id}/runs/stream</code>");
});
