import { loadAuth } from "./load-auth.js";
import { loadEmbedder } from "./load-embedder.js";
import { loadEncryption } from "./load-encryption.js";
import { loadHttpApp } from "./load-http-app.js";
import type { ProjectConfig } from "./project-config.js";
import { ProjectError } from "./project-error.js";
import { webhookHeaders } from "./webhook-settings.js";

/**
 * Loads all that a project names besides its graphs, as the processes of a fleet do: auth, encryption, its web app, the
 * embedder, the headers of its webhooks. Each of them that fails keeps a server from starting.
 *
 * @param env what the templates of webhooks' headers are filled in from
 * @returns what is wrong, a sentence for each part; nothing when all is well
 */
export async function partProblems(
  project: ProjectConfig,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string[]> {
  const parts: readonly (() => unknown)[] = [
    () => loadAuth(project),
    () => loadEncryption(project),
    () => loadHttpApp(project),
    () => loadEmbedder(project),
    () => webhookHeaders(project, env),
  ];
  const problems: string[] = [];
  for (const load of parts) {
    try {
      await load();
    } catch (error) {
      if (!(error instanceof ProjectError)) throw error;
      problems.push(error.message);
    }
  }
  return problems;
}
