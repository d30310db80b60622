import { DomainError } from "../errors.js";
import type { JsonObject } from "../json.js";

/** What a handler is told of what it encrypts or decrypts. Stored in plain with what was encrypted. */
export interface EncryptionContext {
  readonly model: "assistant" | "checkpoint" | "cron" | "run" | "store" | "thread" | null;
  /** Such as `metadata`, `values`, `kwargs`, `payload`, `value`; null for what has no name. */
  readonly field: string | null;
  /** What the request said in `X-Encryption-Context`, or what the `context` handler made of it. */
  readonly metadata: JsonObject;
}

type Awaitable<T> = T | Promise<T>;

/** What a decrypting handler may return besides the plain content, to have it stored in another way from now on. */
export interface Rotated<T> {
  readonly plaintext: T;
  readonly replacement?: T | null;
}

/** A project's own encryption: the handlers of `encryption.path`. */
export interface EncryptionHandlers {
  readonly encrypt: {
    blob(context: EncryptionContext, plain: Uint8Array): Awaitable<Uint8Array>;
    /** Must keep the keys. Values that it leaves alone stay searchable. */
    json?(context: EncryptionContext, plain: JsonObject): Awaitable<JsonObject>;
  };
  readonly decrypt: {
    blob(context: EncryptionContext, sealed: Uint8Array): Awaitable<Uint8Array | Rotated<Uint8Array>>;
    json?(context: EncryptionContext, sealed: JsonObject): Awaitable<JsonObject | Rotated<JsonObject>>;
  };
  /** Asked once per request, when it is known who asks. What it returns takes the place of the context's metadata. */
  context?(user: JsonObject | null, context: EncryptionContext): Awaitable<JsonObject>;
}

/** The name of a handler, as it stands in messages. */
export type HandlerName = "context" | `${"decrypt" | "encrypt"}.${"blob" | "json"}`;

/** A handler of the project failed, or gave something that is no answer. Nothing was written. */
export class EncryptionFailed extends DomainError {
  override readonly name = "EncryptionFailed";

  constructor(handler: HandlerName, { model, field }: EncryptionContext, reason: string, cause?: unknown) {
    const what = model === null ? "" : ` for a ${model}${field === null ? "" : `'s ${field}`}`;
    super("encryption_failed", `${handler} of the project's encryption ${reason}${what}`, {}, cause);
  }
}

/** Calls a handler. @throws EncryptionFailed when it throws. */
export async function callHandler<T>(
  name: HandlerName,
  context: EncryptionContext,
  call: () => Awaitable<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new EncryptionFailed(name, context, "failed", withoutMessage(error));
  }
}

/** Where it was thrown. The message may show what was to be hidden, as that of a failed JSON.parse does. */
function withoutMessage(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  const shown = new Error("its message is not shown, for it may tell what is encrypted");
  shown.name = error.constructor.name;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^ {4}at .+:\d+:\d+\)?$/.test(line));
  shown.stack = [`${shown.name}: ${shown.message}`, ...frames].join("\n");
  return shown;
}
