const UUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g;
const INTERRUPT_ID = /\b[\da-f]{32}\b/g;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)/g;

/**
 * The same on both servers where they mean the same: ids are numbered in the order of their first appearance, and times
 * have no value. Both keep their identity, so an id that is another one still shows.
 */
export function normalise(value: unknown): unknown {
  const ids = new Map<string, string>();
  const named = (kind: string) => (id: string) => {
    const known = ids.get(id) ?? `<${kind} ${ids.size}>`;
    ids.set(id, known);
    return known;
  };
  const text = JSON.stringify(sorted(value))
    .replaceAll(TIME, (time) => (time === "1970-01-01T00:00:00.000Z" ? time : "<time>"))
    .replaceAll(UUID, named("id"))
    .replaceAll(INTERRUPT_ID, named("interrupt"));
  return JSON.parse(text) as unknown;
}

/** Members in the order of their names, so that ids are met in the same order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}
