/** A message, or a piece of one, as any copy of LangChain makes them. */
interface Message {
  readonly id?: string;
}

interface MessageChunk extends Message {
  concat(next: unknown): MessageChunk;
}

/** What the legacy mode `messages` says about one piece. */
export interface Said {
  readonly event: "messages/metadata" | "messages/partial" | "messages/complete";
  readonly data: unknown;
}

/**
 * The stream mode `messages`: whole messages that grow. Tokens of chat models come as `messages/partial` with the
 * message so far; when the state holds a message, it comes once more as `messages/complete`.
 */
export class LegacyMessages {
  readonly #growing = new Map<string, MessageChunk>();
  readonly #complete = new Set<string>();

  /** A chunk of the library's mode `messages`: a message or a piece of one, and where it comes from. */
  onMessage(payload: unknown): readonly Said[] {
    const [piece, described] = payload as [unknown, { readonly tags?: readonly string[] } | undefined];
    const { tags, ...metadata } = described ?? {};
    if (!isChunk(piece) || !piece.id || tags?.includes("langsmith:hidden")) return [];

    const before = this.#growing.get(piece.id);
    const message = before ? before.concat(piece) : piece;
    this.#growing.set(piece.id, message);
    const partial: Said = { event: "messages/partial", data: [message] };
    return before ? [partial] : [{ event: "messages/metadata", data: { [piece.id]: { metadata } } }, partial];
  }

  /** The graph's state after a step. */
  onValues(values: unknown): readonly Said[] {
    const fresh = messagesIn(values).filter((message) => message.id !== undefined && !this.#complete.has(message.id));
    for (const { id } of fresh) {
      if (id === undefined) continue;
      this.#complete.add(id);
      this.#growing.delete(id);
    }
    return fresh.length > 0 ? [{ event: "messages/complete", data: fresh }] : [];
  }
}

function isChunk(value: unknown): value is MessageChunk {
  return typeof value === "object" && value !== null && "concat" in value && typeof value.concat === "function";
}

function messagesIn(values: unknown): readonly Message[] {
  if (typeof values !== "object" || values === null || !("messages" in values)) return [];
  const messages: unknown = values.messages;
  const list: readonly unknown[] = Array.isArray(messages) ? messages : [messages];
  return list.filter((item): item is Message => typeof item === "object" && item !== null && !Array.isArray(item));
}
