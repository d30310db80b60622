/** Everything that can go wrong and is the caller's to know. A new code will not compile until the API maps it. */
export type ErrorCode =
  | "malformed_request"
  | "invalid_request"
  | "unauthenticated"
  | "forbidden"
  | "assistant_not_found"
  | "graph_not_found"
  | "thread_not_found"
  | "run_not_found"
  | "cron_not_found"
  | "delivery_not_found"
  | "item_not_found"
  | "route_not_found"
  | "thread_busy"
  | "already_exists"
  | "conflict"
  | "too_large"
  | "graph_failed"
  | "embedding_failed"
  | "encryption_failed"
  | "unavailable";

export class DomainError extends Error {
  override readonly name: string = "DomainError";
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.details = details;
  }
}

// The messages are part of the wire contract: clients and their tests match on them.

export const malformedRequest = (message: string, details: Record<string, unknown> = {}) =>
  new DomainError("malformed_request", message, details);
export const invalidRequest = (message: string, details: Record<string, unknown> = {}) =>
  new DomainError("invalid_request", message, details);

export const assistantNotFound = () => new DomainError("assistant_not_found", "Assistant not found");
export const assistantVersionNotFound = () => new DomainError("assistant_not_found", "Assistant version not found");
export const noAssistantFor = (reference: string) =>
  new DomainError(
    "assistant_not_found",
    `No assistant found for "${reference}". Make sure the assistant ID is for a valid assistant or a valid graph ID.`,
  );
export const graphNotFound = (graphId: string, known: readonly string[] = []) =>
  new DomainError("graph_not_found", `Graph "${graphId}" not found`, { graph_id: graphId, known_graphs: known });
/** The graph exists, but its own code stopped us: a factory that throws, an update it refuses. The message is its author's to see. */
export const graphFailed = (message: string, cause?: unknown) => new DomainError("graph_failed", message, {}, cause);

/** The project's embedder failed, or gave something that is no embedding. Nothing was written. */
export const embeddingFailed = (message: string, cause?: unknown) =>
  new DomainError("embedding_failed", message, {}, cause);

export const itemNotFound = () => new DomainError("item_not_found", "Item not found");

export const threadNotFound = (threadId: string) =>
  new DomainError("thread_not_found", `Thread with ID ${threadId} not found`);
export const threadToPatchNotFound = () => new DomainError("thread_not_found", "Thread not found");
/** A conflict, not a missing thread: that is how all servers answer a copy. */
export const threadToCopyNotFound = () => new DomainError("conflict", "Thread not found");
export const threadHasNoState = (threadId: string) =>
  new DomainError("malformed_request", `Thread ${threadId} has no state yet`);
export const threadHasNoGraph = (threadId: string) =>
  new DomainError("malformed_request", `Thread ${threadId} has no graph ID`);
export const threadStateBusy = () => new DomainError("thread_busy", "Thread is busy");
export const threadBusy = (busyWith: readonly string[]) =>
  new DomainError(
    "thread_busy",
    "Thread is already running a task. Wait for it to finish or choose a different multitask strategy.",
    { busy_with: busyWith },
  );

export const runNotFound = () => new DomainError("run_not_found", "Run not found");
export const runActive = (runId: string) =>
  new DomainError("conflict", `Run ${runId} is still active. Cancel it before deleting it.`);

export const cronNotFound = () => new DomainError("cron_not_found", "Cron not found");
export const deliveryNotFound = () => new DomainError("delivery_not_found", "Webhook delivery not found");
export const deliveryPending = () =>
  new DomainError("conflict", "This webhook is still being delivered. Wait until it is delivered or failed.");

export const alreadyExists = (noun: "Assistant" | "Thread") =>
  new DomainError("already_exists", `${noun} already exists`);
export const forbidden = (message = "Forbidden") => new DomainError("forbidden", message);
export const unavailable = (message: string, cause?: unknown) => new DomainError("unavailable", message, {}, cause);

/** Whether an error says that something we need is away for now, and not that somebody did something wrong. */
export const isOutage = (error: unknown): boolean => error instanceof DomainError && error.code === "unavailable";

/**
 * What an error says, and nothing else; of anything else that was thrown, how it reads. Errors of clients may carry more,
 * such as a command with its arguments: those are somebody's data, or our password.
 */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
