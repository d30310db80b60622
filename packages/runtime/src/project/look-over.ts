import { isObject } from "@graphfleet/domain";
import type { TSchema } from "@sinclair/typebox";
import { closestName } from "./closest-name.js";

/**
 * What is worth telling the author of a file that fits its schema: keys that nobody knows, with the name that was meant, and
 * keys that this version does not act on.
 */
export function lookOver(value: unknown, schema: TSchema, at = ""): string[] {
  const properties = propertiesOf(schema);
  if (properties === null || !isObject(value)) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const place = at === "" ? key : `${at}.${key}`;
    const known = Object.hasOwn(properties, key) ? properties[key] : recordValue(schema);
    if (known === undefined) return isOpen(schema) ? [] : [unknownKey(key, place, Object.keys(properties))];
    const isObeyed = known.effect !== "none" || child === known["default"];
    const warnings = isObeyed ? [] : [`"${place}" has no effect: ${known.why}.`];
    return [...warnings, ...lookOver(child, memberFor(child, known), place)];
  });
}

function unknownKey(key: string, place: string, names: readonly string[]): string {
  const meant = closestName(key, names);
  return `the key "${place}" is unknown and has no effect.${meant === null ? "" : ` Did you mean "${meant}"?`}`;
}

function propertiesOf(schema: TSchema): Record<string, TSchema> | null {
  if (schema["type"] !== "object") return null;
  return (schema["properties"] as Record<string, TSchema> | undefined) ?? {};
}

/** Objects of names that the author chooses. */
function recordValue(schema: TSchema): TSchema | undefined {
  const patterns = schema["patternProperties"] as Record<string, TSchema> | undefined;
  return patterns === undefined ? undefined : Object.values(patterns)[0];
}

const isOpen = (schema: TSchema) => schema["additionalProperties"] === true;

/** Of a choice, the member that can have keys. */
function memberFor(value: unknown, schema: TSchema): TSchema {
  const members = schema["anyOf"] as TSchema[] | undefined;
  if (members === undefined || !isObject(value)) return schema;
  return members.find((member) => member["type"] === "object") ?? schema;
}
