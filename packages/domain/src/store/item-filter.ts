import { invalidRequest } from "../errors.js";
import { isObject, type JsonObject } from "../json.js";
import type { FilterOperator, ItemCondition } from "./item-repository.js";

const OPERATORS: readonly FilterOperator[] = ["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin"];
const MOST_CONDITIONS = 1000;

/**
 * `{age: {$gt: 5}, name: "x"}` as conditions: operators where all keys of an object are operators, equality elsewhere.
 *
 * @throws DomainError `invalid_request` for an operator that does not exist.
 */
export function toConditions(filter: JsonObject): readonly ItemCondition[] {
  const conditions = Object.entries(filter).flatMap(([key, value]): ItemCondition[] => {
    const operators = isObject(value) ? Object.entries(value) : [];
    if (operators.length > 0 && operators.every(([name]) => name.startsWith("$"))) {
      return operators.map(([name, operand]) => ({ key, operator: toOperator(name, key), value: operand }));
    }
    return [{ key, operator: "$eq", value }];
  });
  if (conditions.length > MOST_CONDITIONS)
    throw invalidRequest(`filter has ${conditions.length} conditions; ${MOST_CONDITIONS} are the most`);
  return conditions;
}

function toOperator(name: string, key: string): FilterOperator {
  const operator = OPERATORS.find((known) => known === name);
  if (!operator)
    throw invalidRequest(`filter.${key}: Unknown filter operator ${name}; known are ${OPERATORS.join(", ")}`);
  return operator;
}
