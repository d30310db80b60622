/**
 * The labels of `?namespace=`: joined by periods, which no label has, given several times, or as a JSON array. A comma is
 * part of a label, unlike in other lists: what was put under "a,b" has to be found there.
 */
export function labelsOfQuery(namespace: unknown): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(namespace) ? namespace : [namespace];
  return texts.flatMap((text) => {
    if (typeof text !== "string" || text === "") return [];
    return jsonLabels(text) ?? text.split(".");
  });
}

function jsonLabels(text: string): readonly string[] | null {
  if (!text.startsWith("[")) return null;
  try {
    const labels: unknown = JSON.parse(text);
    return Array.isArray(labels) && labels.every((label) => typeof label === "string") ? labels : null;
  } catch {
    return null;
  }
}
