/** What belongs to one person: everything that the matrix of auth asks for. The marker is in all of it. */
export interface Estate {
  readonly marker: string;
  readonly assistant: string;
  readonly thread: string;
  readonly checkpoint: string;
  readonly run: string;
  readonly cron: string;
  /** A webhook that could not be delivered. */
  readonly delivery: string;
}

/** One operation as everybody asks it: about the estate of somebody. */
export interface Case {
  readonly path: (estate: Estate) => string;
  readonly body?: (estate: Estate) => unknown;
  /** What somebody else gets who may use the server. The owner succeeds, nobody gets 401, and who may do nothing 403. */
  readonly stranger: number;
  /** The owner's answer shows what is theirs: proof that a leak would be seen. */
  readonly shows?: true;
  /** The answer goes on for ever. */
  readonly endless?: true;
}

const FAR = { schedule: "0 0 1 1 *" };
/** What is not theirs does not exist. */
const GONE = 404;

const onAssistant = (rest = ""): Pick<Case, "path"> => ({ path: ({ assistant }) => `/assistants/${assistant}${rest}` });
const onThread = (rest = ""): Pick<Case, "path"> => ({ path: ({ thread }) => `/threads/${thread}${rest}` });
const onRun = (rest = ""): Pick<Case, "path"> => ({
  path: ({ thread, run }) => `/threads/${thread}/runs/${run}${rest}`,
});
const onCron: Pick<Case, "path"> = { path: ({ cron }) => `/runs/crons/${cron}` };
const at = (path: string): Pick<Case, "path"> => ({ path: () => path });

/** With an assistant that is somebody's. */
const newRun = ({ assistant }: Estate) => ({ assistant_id: assistant, input: {} });
const none = () => ({});
const byMarker = ({ marker }: Estate) => ({ metadata: { marker } });
const item = ({ marker }: Estate) => ({ namespace: ["notes"], key: marker });

/** Operations that need no login. */
export const OPEN: readonly string[] = ["get /ok", "get /info", "get /metrics", "get /openapi.json", "get /docs"];

export const CASES: Readonly<Record<string, Case>> = {
  "post /assistants": {
    ...at("/assistants"),
    body: ({ assistant }) => ({ graph_id: "agent", assistant_id: assistant, if_exists: "do_nothing" }),
    stranger: 409,
    shows: true,
  },
  "post /assistants/search": { ...at("/assistants/search"), body: byMarker, stranger: 200, shows: true },
  "post /assistants/count": { ...at("/assistants/count"), body: byMarker, stranger: 200 },
  "get /assistants/:assistant_id": { ...onAssistant(), stranger: GONE, shows: true },
  "patch /assistants/:assistant_id": { ...onAssistant(), body: () => ({ name: "mine" }), stranger: GONE, shows: true },
  "delete /assistants/:assistant_id": { ...onAssistant("?delete_threads=true"), stranger: GONE },
  "get /assistants/:assistant_id/graph": { ...onAssistant("/graph"), stranger: GONE },
  "get /assistants/:assistant_id/schemas": { ...onAssistant("/schemas"), stranger: GONE },
  "get /assistants/:assistant_id/subgraphs": { ...onAssistant("/subgraphs"), stranger: GONE },
  "get /assistants/:assistant_id/subgraphs/:namespace": { ...onAssistant("/subgraphs/look"), stranger: GONE },
  "post /assistants/:assistant_id/versions": {
    ...onAssistant("/versions"),
    body: none,
    stranger: GONE,
    shows: true,
  },
  "post /assistants/:assistant_id/latest": {
    ...onAssistant("/latest"),
    body: () => ({ version: 1 }),
    stranger: GONE,
    shows: true,
  },

  "post /threads": {
    ...at("/threads"),
    body: ({ thread }) => ({ thread_id: thread, if_exists: "do_nothing" }),
    stranger: 409,
    shows: true,
  },
  "post /threads/search": { ...at("/threads/search"), body: byMarker, stranger: 200, shows: true },
  "post /threads/count": { ...at("/threads/count"), body: byMarker, stranger: 200 },
  "post /threads/prune": {
    ...at("/threads/prune"),
    body: ({ thread }) => ({ thread_ids: [thread] }),
    stranger: 200,
  },
  "post /threads/:thread_id/copy": { ...onThread("/copy"), stranger: 409, shows: true },
  "get /threads/:thread_id": { ...onThread(), stranger: GONE, shows: true },
  "patch /threads/:thread_id": { ...onThread(), body: () => ({ metadata: { a: 1 } }), stranger: GONE, shows: true },
  "delete /threads/:thread_id": { ...onThread(), stranger: GONE },
  "get /threads/:thread_id/state": { ...onThread("/state"), stranger: GONE, shows: true },
  "get /threads/:thread_id/state/:checkpoint_id": {
    path: ({ thread, checkpoint }) => `/threads/${thread}/state/${checkpoint}`,
    stranger: GONE,
    shows: true,
  },
  "post /threads/:thread_id/state/checkpoint": {
    ...onThread("/state/checkpoint"),
    body: ({ checkpoint }) => ({ checkpoint: { checkpoint_id: checkpoint } }),
    stranger: GONE,
    shows: true,
  },
  "post /threads/:thread_id/state": {
    ...onThread("/state"),
    body: () => ({ values: { user: "me" } }),
    stranger: 403,
  },
  "patch /threads/:thread_id/state": { ...onThread("/state"), body: () => ({ metadata: { a: 1 } }), stranger: GONE },
  "get /threads/:thread_id/history": { ...onThread("/history"), stranger: GONE, shows: true },
  "post /threads/:thread_id/history": { ...onThread("/history"), body: none, stranger: GONE, shows: true },
  "get /threads/:thread_id/stream": { ...onThread("/stream"), stranger: GONE, endless: true },

  "post /threads/:thread_id/runs": { ...onThread("/runs"), body: () => ({ assistant_id: "agent" }), stranger: GONE },
  "post /threads/:thread_id/runs/stream": {
    ...onThread("/runs/stream"),
    body: () => ({ assistant_id: "agent", input: {}, if_not_exists: "create" }),
    stranger: GONE,
  },
  "post /threads/:thread_id/runs/wait": {
    ...onThread("/runs/wait"),
    body: () => ({ assistant_id: "agent", input: {} }),
    stranger: GONE,
    shows: true,
  },
  "get /threads/:thread_id/runs": { ...onThread("/runs"), stranger: GONE, shows: true },
  "get /threads/:thread_id/runs/:run_id": { ...onRun(), stranger: GONE, shows: true },
  "delete /threads/:thread_id/runs/:run_id": { ...onRun(), stranger: GONE },
  "get /threads/:thread_id/runs/:run_id/join": { ...onRun("/join"), stranger: GONE, shows: true },
  "get /threads/:thread_id/runs/:run_id/stream": { ...onRun("/stream"), stranger: GONE },
  "post /threads/:thread_id/runs/:run_id/cancel": { ...onRun("/cancel?action=rollback"), stranger: GONE },
  "post /runs": { ...at("/runs"), body: newRun, stranger: GONE, shows: true },
  "post /runs/stream": { ...at("/runs/stream"), body: newRun, stranger: GONE },
  "post /runs/wait": { ...at("/runs/wait"), body: newRun, stranger: GONE },
  "post /runs/batch": { ...at("/runs/batch"), body: (estate) => [newRun(estate)], stranger: GONE, shows: true },
  "post /runs/cancel": {
    ...at("/runs/cancel"),
    body: ({ thread, run }) => ({ thread_id: thread, run_ids: [run] }),
    stranger: GONE,
  },
  "get /runs/:run_id/join": { path: ({ run }) => `/runs/${run}/join`, stranger: GONE, shows: true },
  // What is not there is an empty stream: a stateless run's thread goes with it.
  "get /runs/:run_id/stream": { path: ({ run }) => `/runs/${run}/stream`, stranger: 200 },

  "get /threads/:thread_id/runs/:run_id/webhooks": { ...onRun("/webhooks"), stranger: GONE, shows: true },
  "post /threads/:thread_id/runs/:run_id/webhooks/:delivery_id/replay": {
    path: ({ thread, run, delivery }) => `/threads/${thread}/runs/${run}/webhooks/${delivery}/replay`,
    stranger: GONE,
  },
  "get /runs/:run_id/webhooks": { path: ({ run }) => `/runs/${run}/webhooks`, stranger: GONE, shows: true },
  "post /runs/:run_id/webhooks/:delivery_id/replay": {
    path: ({ run, delivery }) => `/runs/${run}/webhooks/${delivery}/replay`,
    stranger: GONE,
  },

  "post /runs/crons": { ...at("/runs/crons"), body: (estate) => ({ ...newRun(estate), ...FAR }), stranger: GONE },
  "post /threads/:thread_id/runs/crons": {
    ...onThread("/runs/crons"),
    body: () => ({ assistant_id: "agent", ...FAR }),
    stranger: GONE,
  },
  "post /runs/crons/search": { ...at("/runs/crons/search"), body: none, stranger: 200, shows: true },
  "post /runs/crons/count": { ...at("/runs/crons/count"), body: none, stranger: 200 },
  "get /runs/crons/:cron_id": { ...onCron, stranger: GONE, shows: true },
  "patch /runs/crons/:cron_id": { ...onCron, body: () => ({ enabled: false }), stranger: GONE, shows: true },
  "delete /runs/crons/:cron_id": { ...onCron, stranger: GONE },

  // Everybody has a namespace of their own, so the same key is another item for a stranger.
  "put /store/items": {
    ...at("/store/items"),
    body: (estate) => ({ ...item(estate), value: { a: 1 } }),
    stranger: 204,
  },
  "get /store/items": {
    path: ({ marker }) => `/store/items?namespace=notes&key=${marker}`,
    stranger: 200,
    shows: true,
  },
  "delete /store/items": { ...at("/store/items"), body: item, stranger: 204 },
  "post /store/items/search": {
    ...at("/store/items/search"),
    body: () => ({ namespace_prefix: [] }),
    stranger: 200,
    shows: true,
  },
  "post /store/namespaces": { ...at("/store/namespaces"), body: none, stranger: 200 },
};
