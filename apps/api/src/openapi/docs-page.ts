import type { Answer, Operation } from "../http/operation.js";
import type { ApiSecurity } from "../auth/api-security.js";
import { curlOf } from "./curl.js";
import { openApiPath, type OpenApiSource } from "./openapi-document.js";
import { type NamedSchemas, publicSchema } from "./public-schema.js";

/** The API description as one HTML page, which needs no script and nothing from elsewhere. */
export function docsPage({ version, operations, prefix, security }: OpenApiSource): string {
  const tags = [...new Set(operations.map(({ tag }) => tag))];
  const named: NamedSchemas = {};
  const sections = tags.map((tag) => section(tag, { operations, prefix }, named)).join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Graphfleet API</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Graphfleet API <small>${html(version)}</small></h1>
<p>For machines: <a href="openapi.json">openapi.json</a>.</p>
<nav>${tags.map((tag) => `<a href="#${anchor(tag)}">${html(tag)}</a>`).join(" ")} <a href="#schemas">Schemas</a></nav>
</header>
<main>
${loginSection(security ?? {})}${sections}
<section id="schemas">
<h2>Schemas</h2>
${Object.entries(named).map(namedBlock).join("\n")}
</section>
</main>
</body>
</html>
`;
}

/** The project's words on how to log in. */
function loginSection({ securitySchemes, security, paths }: ApiSecurity): string {
  if (securitySchemes === undefined && security === undefined && paths === undefined) return "";
  return `<section id="login">
<h2>Login</h2>
${securitySchemes === undefined ? "" : code(securitySchemes)}
${security === undefined ? "" : `<h3>Everything needs</h3>${code(security)}`}
${paths === undefined ? "" : `<h3>Except that</h3>${code(paths)}`}
</section>
`;
}

const section = (
  tag: string,
  { operations, prefix }: Pick<OpenApiSource, "operations" | "prefix">,
  named: NamedSchemas,
): string => `<section id="${anchor(tag)}">
<h2>${html(tag)}</h2>
${operations
  .filter((operation) => operation.tag === tag)
  .map((operation) => entry(operation, prefix, named))
  .join("\n")}
</section>`;

function entry(operation: Operation, prefix: string, named: NamedSchemas): string {
  const { method, path, summary, params, query, body, answers } = operation;
  return `<details>
<summary><b class="${method}">${method.toUpperCase()}</b> <code>${html(prefix + openApiPath(path))}</code> ${html(summary)}</summary>
<pre>${html(curlOf(operation, prefix))}</pre>
${schemaBlock("Path", params, named)}${schemaBlock("Query", query, named)}${schemaBlock("Body", body, named)}${Object.entries(
    answers,
  )
    .map(([status, answer]) => answerBlock(status, answer, named))
    .join("")}
</details>`;
}

const answerBlock = (status: string, { description, content }: Answer, named: NamedSchemas): string =>
  `<h3>${status} <small>${html(content?.type ?? "no body")}</small></h3><p>${html(description)}</p>${
    content === undefined ? "" : schemaBlock("", content.schema, named)
  }`;

function schemaBlock(heading: string, schema: object | undefined, named: NamedSchemas): string {
  if (schema === undefined) return "";
  return `${heading === "" ? "" : `<h3>${heading}</h3>`}${code(publicSchema(schema, named))}`;
}

const namedBlock = ([name, schema]: readonly [string, object]): string =>
  `<details>\n<summary><code>${html(name)}</code></summary>\n${code(schema)}\n</details>`;

const code = (value: object): string => `<pre>${html(JSON.stringify(value, null, 2))}</pre>`;

const anchor = (tag: string): string => tag.toLowerCase().replaceAll(" ", "-");

const html = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
nav a { margin-right: 1rem; }
summary { cursor: pointer; padding: 0.3rem 0; }
details { border-bottom: 1px solid #8884; }
h3 { margin: 0.5rem 0; font-size: 1rem; }
small { font-weight: normal; opacity: 0.7; }
pre { overflow-x: auto; padding: 0.6rem; background: #8882; border-radius: 4px; font-size: 0.85rem; }
b { display: inline-block; min-width: 4.5rem; }
.get { color: #2a7; } .post { color: #27c; } .put, .patch { color: #b70; } .delete { color: #c33; }
`;
