/** What this server says about itself. */
export interface ServerInfo {
  /** Our own version. */
  readonly version: string;
  /** Version of the LangGraph library that executes the graphs. */
  readonly langgraphVersion: string;
  /** Crons fire: a scheduler is part of this deployment. */
  readonly crons: boolean;
  /** Runs are traced to LangSmith. */
  readonly langsmith: boolean;
}

export const infoView = (info: ServerInfo) => ({
  version: info.version,
  langgraph_js_version: info.langgraphVersion,
  // Python clients read it; there is no Python here.
  langgraph_py_version: "",
  context: "js",
  flags: {
    assistants: true,
    crons: info.crons,
    langsmith: info.langsmith,
    langsmith_tracing_replicas: true,
  },
  host: { kind: "self-hosted", project_id: null, host_revision_id: null, revision_id: null, tenant_id: null },
  metadata: {},
});
