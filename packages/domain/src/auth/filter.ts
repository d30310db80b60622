import { isObject, type Json } from "../json.js";
import type { FieldCondition, Scope, ScopeCondition } from "./scope.js";

/**
 * The scope that an authorization handler's filter describes: `{owner: "ann"}`, `{owner: {$eq: "ann"}}`,
 * `{teams: {$contains: "red"}}`, `{$or: [filter, …]}`, `{$and: [filter, …]}`. Several keys must all match.
 *
 * A mistake in a filter must not open the house. So whatever is not understood is refused, and above all `undefined`,
 * which is what a typo in `user.identity` gives: as JSON it would vanish, and the condition with it.
 *
 * @throws TypeError that names the place in the filter.
 */
export function toScope(filter: unknown, at = "filter"): Scope {
  if (!isPlain(filter)) throw new TypeError(`${at} must be a plain object, not ${nameOf(filter)}`);
  return { conditions: Object.entries(filter).flatMap(([key, value]) => conditionsOf(key, value, `${at}.${key}`)) };
}

function conditionsOf(key: string, value: unknown, at: string): readonly ScopeCondition[] {
  if (key === "$and")
    return listOf(value, at).flatMap((filter, index) => toScope(filter, `${at}[${index}]`).conditions);
  if (key === "$or") return [{ anyOf: listOf(value, at).map((filter, index) => toScope(filter, `${at}[${index}]`)) }];
  if (key.startsWith("$")) throw new TypeError(`${at}: there is no operator ${key}; there are $and and $or`);

  const operators = isPlain(value) ? Object.entries(value).filter(([name]) => name.startsWith("$")) : [];
  if (operators.length === 0) return [{ key, operator: "eq", value: asJson(value, at) }];
  if (operators.length < Object.keys(value as object).length) throw new TypeError(`${at} mixes operators and values`);
  return operators.map(([name, operand]) => ({
    key,
    operator: operatorOf(name, at),
    value: asJson(operand, `${at}.${name}`),
  }));
}

function operatorOf(name: string, at: string): FieldCondition["operator"] {
  if (name === "$eq") return "eq";
  if (name === "$contains") return "contains";
  throw new TypeError(`${at}: there is no operator ${name}; there are $eq and $contains`);
}

function listOf(value: unknown, at: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError(`${at} must be a list of filters, not ${nameOf(value)}`);
}

/** The value, if JSON can hold it as it is. */
function asJson(value: unknown, at: string): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((item: unknown, index) => asJson(item, `${at}[${index}]`));
  if (isPlain(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asJson(item, `${at}.${key}`)]));
  throw new TypeError(`${at} must be a value that JSON can hold, not ${nameOf(value)}`);
}

/** Made by a literal or by JSON, whatever realm its prototype is from. */
function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isObject(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "number") return String(value);
  return typeof value === "object" ? `a ${value.constructor?.name ?? "null-prototype object"}` : `a ${typeof value}`;
}
