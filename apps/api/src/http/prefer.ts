/**
 * Whether a client asked for an answer without a body: `Prefer: return=minimal`, as RFC 7240 writes it. Names are
 * case-insensitive, white space may stand around the equals sign, the value may be quoted, other preferences and
 * parameters may stand beside it. Of a preference that is given twice, the first one counts.
 */
export function wantsNothingBack(prefer: string | undefined): boolean {
  const asked = partsOf(prefer ?? "", ",").map((preference) => partsOf(preference, ";")[0] ?? "");
  const found = asked.map((preference) => RETURN.exec(preference)).find((match) => match !== null);
  return found?.[1]?.toLowerCase() === "minimal";
}

const RETURN = /^\s*return\s*=\s*"?([^"\s]*)"?\s*$/i;

/** Splits at a separator that stands outside of quotes. */
function partsOf(text: string, separator: "," | ";"): readonly string[] {
  const parts = [""];
  let quoted = false;
  for (const char of text) {
    if (char === '"') quoted = !quoted;
    if (char === separator && !quoted) parts.push("");
    else parts[parts.length - 1] += char;
  }
  return parts;
}
