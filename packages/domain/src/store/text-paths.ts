import { isObject, type Json } from "../json.js";

/** `[0]`, `[*]`; `{a,b.c}`; the name of a member. */
const STEP = /\[([^\]]*)\]|\{([^}]*)\}|([^.[{]+)/g;

/**
 * The texts at a path of a value, as LangGraph's stores read paths: `$` is the whole, `a.b` a member of a member, `a[0]`,
 * `a[-1]` and `a[*]` items of a list, `*` everything inside, `{a,b}` several members. Numbers and booleans count as text,
 * objects and lists as their JSON. What is not there, and blank text, is left out.
 */
export function textsAt(value: Json, path: string): readonly string[] {
  const inside = path.replace(/^\$\.?/, "");
  const steps = [...inside.matchAll(STEP)];
  let found: readonly Json[] = [value];
  for (const [, index, group, name] of steps) {
    if (index !== undefined) found = found.flatMap((one) => itemsOf(one, index.trim()));
    else if (group !== undefined) found = found.flatMap((one) => membersOf(one, group));
    else if (name !== undefined) found = found.flatMap((one) => memberOf(one, name));
  }
  return found.flatMap(textOf);
}

function itemsOf(value: Json, index: string): readonly Json[] {
  if (!Array.isArray(value)) return [];
  // A list of Json is Json[]; the check above forgets that for readonly arrays.
  const items = value as readonly Json[];
  if (index === "*") return items;
  const item = /^-?\d+$/.test(index) ? items.at(Number(index)) : undefined;
  return item === undefined ? [] : [item];
}

const membersOf = (value: Json, names: string): readonly Json[] =>
  names.split(",").flatMap((name) => {
    let found: readonly Json[] = [value];
    for (const part of name.trim().split(".")) found = found.flatMap((one) => memberOf(one, part));
    return found;
  });

function memberOf(value: Json, name: string): readonly Json[] {
  if (name === "*")
    return Array.isArray(value) ? (value as readonly Json[]) : isObject(value) ? Object.values(value) : [];
  return isObject(value) && Object.hasOwn(value, name) ? [value[name] ?? null] : [];
}

function textOf(value: Json): readonly string[] {
  if (value === null) return [];
  const text = typeof value === "object" ? JSON.stringify(value, null, 2) : String(value);
  return text.trim() === "" ? [] : [text];
}
