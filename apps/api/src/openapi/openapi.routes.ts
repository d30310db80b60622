import { Router } from "express";
import { docsPage } from "./docs-page.js";
import { openApiDocument, type OpenApiSource } from "./openapi-document.js";

/** The API describes itself, to machines and to people. Both never change while the server runs. */
export function openApiRoutes(source: OpenApiSource): Router {
  const document = JSON.stringify(openApiDocument(source));
  const page = docsPage(source);
  const router = Router();

  router.get("/openapi.json", (_req, res) => {
    res.type("application/json").send(document);
  });

  router.get("/docs", (_req, res) => {
    // Nothing is fetched and nothing executes, whatever a summary says.
    res.setHeader("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
    res.type("text/html").send(page);
  });

  return router;
}
