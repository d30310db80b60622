import { createHash } from "node:crypto";
import type { BaseStore, LangGraphRunnableConfig } from "@langchain/langgraph";

const FACTS_MAX = 50;

/** Long-term memory of one user, kept in the store that the server hands to the graph. It outlives threads. */
export interface Memory {
  facts(): Promise<readonly string[]>;
  add(fact: string): Promise<void>;
  /** Writes a sent email down. The key makes a repeated send the same email. */
  recordEmail(key: string, email: Record<string, unknown>): Promise<void>;
}

/** Opens the memory of the user this run is for. Without a store nothing is remembered, and adding says so. */
export function memoryOf(config: LangGraphRunnableConfig): Memory {
  const { store } = config;
  const user = userOf(config);

  return {
    async facts() {
      const items = (await store?.search(["memories", user], { limit: FACTS_MAX })) ?? [];
      return items.map(({ value }) => String(value.text)).toSorted();
    },
    async add(fact) {
      // The key comes from the fact: a step that is repeated after a crash must not remember it twice.
      const key = createHash("sha256").update(fact.toLowerCase()).digest("hex").slice(0, 24);
      await needed(store).put(["memories", user], key, { text: fact });
    },
    async recordEmail(key, email) {
      await needed(store).put(["outbox", user], key, email);
    },
  };
}

function needed(store: BaseStore | undefined): BaseStore {
  if (store === undefined) throw new Error("This graph was started without a store, so it has no memory");
  return store;
}

/** The authenticated user if the server knows one, else the one the caller names, else everybody's. */
function userOf({ configurable = {} }: LangGraphRunnableConfig): string {
  const authenticated: unknown = configurable.langgraph_auth_user_id;
  if (typeof authenticated === "string" && authenticated !== "") return namespaceLabel(authenticated);

  const named: unknown = configurable.user_id;
  return typeof named === "string" && named !== "" ? namespaceLabel(named) : "everyone";
}

/** Store namespaces use the dot as separator, and user names often hold one. */
const namespaceLabel = (user: string) => user.replaceAll("%", "%25").replaceAll(".", "%2E");
