import { createRequire } from "node:module";

/** Version of the LangGraph that this server runs. */
export function libraryVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)("@langchain/langgraph/package.json");
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "";
}
