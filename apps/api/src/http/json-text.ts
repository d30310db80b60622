import { malformedRequest } from "@graphfleet/domain";

/**
 * Deepest nesting that a request may have. Whatever reads JSON after us goes down by recursion (serializers, Postgres,
 * graphs), and would run out of stack some thousand levels further down.
 */
export const MAX_NESTING = 500;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * The value of a JSON text from outside.
 *
 * @throws SyntaxError when it is no JSON; DomainError `malformed_request` when it is nested too deeply.
 */
export function parseJson(text: string): unknown {
  if (text.length > MAX_NESTING && nestsTooDeeply(text))
    throw malformedRequest(`JSON is nested deeper than ${MAX_NESTING} levels, which is the limit of this server`);
  return JSON.parse(text);
}

/** Looks at brackets outside of strings only: cheap next to parsing. What is no JSON gets any answer. */
function nestsTooDeeply(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.codePointAt(at) ?? 0;
    if (inString) {
      if (char === BACKSLASH) at++;
      else if (char === QUOTE) inString = false;
    } else if (char === QUOTE) inString = true;
    else if (isOpening(char)) {
      depth += 1;
      if (depth > MAX_NESTING) return true;
    } else if (isClosing(char)) depth -= 1;
  }
  return false;
}

const isOpening = (char: number): boolean => char === 0x5b || char === 0x7b;
const isClosing = (char: number): boolean => char === 0x5d || char === 0x7d;
