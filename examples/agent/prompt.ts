const FACT = "- ";

/** The system message: who the agent is, and what it remembers about its user, one fact per line. */
export function promptWith(facts: readonly string[]): string {
  const memory =
    facts.length === 0
      ? "You know nothing about the user yet."
      : "What you remember about the user, one fact per line:";
  return [
    "You are a helpful assistant. Use your tools when they help, and keep answers short.",
    "When the user asks you to remember something, call `remember`.",
    memory,
    ...facts.map((fact) => FACT + fact.replaceAll(/\s+/g, " ")),
  ].join("\n");
}

/** Reads the facts back from such a message; the scripted model has no other way to know them. */
export function factsIn(prompt: string): readonly string[] {
  return prompt
    .split("\n")
    .filter((line) => line.startsWith(FACT))
    .map((line) => line.slice(FACT.length));
}
