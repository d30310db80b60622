/** What errors of the network mean, in words that complete "the receiver …". */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused the connection",
  ECONNRESET: "broke the connection",
  EPIPE: "broke the connection",
  ENOTFOUND: "has a host name that nobody knows",
  EAI_AGAIN: "has a host name that could not be looked up",
  EHOSTUNREACH: "cannot be reached",
  ENETUNREACH: "cannot be reached",
  ETIMEDOUT: "did not answer the connection",
};

/** Why there was no answer. Only words of ours and codes: messages of the network tell addresses, which callers may not know. */
export function reasonOf(error: unknown): string {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "no code";
  return REASONS[code] ?? `could not be asked (${code})`;
}
