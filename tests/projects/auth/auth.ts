import { Auth, HTTPException } from "@langchain/langgraph-sdk/auth";

/** What only the server may know of its users: tests look for it everywhere. */
export const PRIVATE = "private-words-about-a-user";

/** Who comes with which token. */
const USERS: Readonly<Record<string, { identity: string; permissions: string[]; note: string }>> = {
  "token-of-ann": { identity: "ann", permissions: ["write"], note: PRIVATE },
  "token-of-bob": { identity: "bob", permissions: ["write"], note: PRIVATE },
  "token-of-eve": { identity: "eve", permissions: [], note: PRIVATE },
};

const STAMPED = new Set(["create", "create_run"]);

/** Everybody has what they made. Eve may do nothing at all. */
export const auth = new Auth()
  .authenticate((request) => {
    const token = request.headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
    const user = USERS[token];
    if (user === undefined)
      throw new HTTPException(401, { message: "Who are you?", headers: { "WWW-Authenticate": "Bearer" } });
    return user;
  })
  .on("*", ({ action, value, permissions, user }) => {
    if (!permissions.includes("write")) return false;
    if (STAMPED.has(action)) {
      const stamped = value as { metadata?: Record<string, unknown> | null };
      stamped.metadata = { ...stamped.metadata, owner: user.identity };
    }
    return { owner: user.identity };
  })
  .on("store", ({ value, permissions, user }) => {
    if (!permissions.includes("write")) return false;
    value.namespace = [user.identity, ...(value.namespace ?? [])];
    return true;
  });
