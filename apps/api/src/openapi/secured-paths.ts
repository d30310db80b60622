import { isObject } from "@graphfleet/domain";
import type { ApiSecurity } from "../auth/api-security.js";

/** Of one path: operations by method. */
type Operations = Readonly<Record<string, object>>;

/**
 * The document's paths with what a project says of them. Where everything needs a login, what is `open` says that it needs
 * none. For a method a project names what the operation demands, as a list like `[{"bearer": []}]`, or members of the
 * operation; theirs win. What is neither is left out.
 */
export function securedPaths(
  paths: Readonly<Record<string, Operations>>,
  { security, paths: theirs = {} }: ApiSecurity,
  open: ReadonlySet<string>,
): Record<string, Operations> {
  const free = { security: [] };
  const ours = Object.entries(paths).map(
    ([path, operations]) =>
      [
        path,
        security !== undefined && open.has(path) ? mapValues(operations, (one) => ({ ...one, ...free })) : operations,
      ] as const,
  );
  const all: Record<string, Operations> = Object.fromEntries(ours);
  for (const [path, said] of Object.entries(theirs)) {
    if (isObject(said)) all[path] = withTheirs(all[path] ?? {}, said);
  }
  return all;
}

function withTheirs(operations: Operations, said: Readonly<Record<string, unknown>>): Operations {
  const members = Object.entries(said).flatMap(([method, value]) => {
    const more = Array.isArray(value) ? { security: value as readonly unknown[] } : value;
    return isObject(more) ? [[method, { ...operations[method], ...more }] as const] : [];
  });
  return { ...operations, ...Object.fromEntries(members) };
}

const mapValues = (values: Operations, to: (value: object) => object): Operations =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, to(value)]));
