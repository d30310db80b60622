import type { Json, JsonObject } from "@graphfleet/domain";
import ts from "typescript";
import { isAbsent, isMessage, isUnknown } from "./type-facts.js";

/** Deeper than this, anything goes: nobody fills in such a form, and libraries' types have no end. */
const MAX_DEPTH = 8;
const MAX_DEFINITIONS = 200;
const OVERWRITE = "__overwrite__";

/** A message as it goes over the wire. */
const MESSAGE: JsonObject = {
  type: "object",
  properties: {
    type: { type: "string" },
    content: { anyOf: [{ type: "string" }, { type: "array", items: { type: "object" } }] },
    id: { type: "string" },
    name: { type: "string" },
    additional_kwargs: { type: "object" },
    response_metadata: { type: "object" },
  },
  required: ["type", "content"],
};
const MESSAGE_REF: JsonObject = { $ref: "#/definitions/BaseMessage" };

/**
 * The JSON schema of a type, draft 7: of what a value looks like as JSON. Named types become definitions, so they may
 * refer to themselves.
 */
export function typeToSchema(checker: ts.TypeChecker, type: ts.Type, at: ts.Node): JsonObject {
  const writer = new SchemaWriter(checker, at);
  const schema = writer.write(type, 0, true);
  const definitions = writer.definitions();
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    ...schema,
    ...(Object.keys(definitions).length === 0 ? {} : { definitions }),
  };
}

class SchemaWriter {
  readonly #checker: ts.TypeChecker;
  readonly #at: ts.Node;
  readonly #names = new Map<ts.Type, string>();
  readonly #definitions = new Map<string, JsonObject>();

  constructor(checker: ts.TypeChecker, at: ts.Node) {
    this.#checker = checker;
    this.#at = at;
  }

  definitions(): Record<string, JsonObject> {
    return Object.fromEntries(this.#definitions);
  }

  /** `isRoot`: stands for itself and is not put among the definitions. */
  write(type: ts.Type, depth: number, isRoot = false): JsonObject {
    if (depth > MAX_DEPTH || isUnknown(type)) return {};
    const simple = this.#simple(type);
    if (simple !== null) return simple;
    if (type.isUnion()) return this.#union(type.types, depth);
    if (isMessage(this.#checker, type)) return this.#message();
    const builtIn = this.#builtIn(type, depth);
    if (builtIn !== null) return builtIn;
    return isRoot ? this.#object(type, depth) : this.#named(type, depth);
  }

  #simple(type: ts.Type): JsonObject | null {
    const { flags } = type;
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if (flags & ts.TypeFlags.BooleanLiteral) return { const: this.#checker.typeToString(type) === "true" };
    if (flags & ts.TypeFlags.StringLike) return { type: "string" };
    if (flags & ts.TypeFlags.NumberLike) return { type: "number" };
    if (flags & ts.TypeFlags.BooleanLike) return { type: "boolean" };
    if (flags & ts.TypeFlags.BigIntLike) return { type: "string" };
    if (flags & ts.TypeFlags.Null) return { type: "null" };
    if (flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void | ts.TypeFlags.Never | ts.TypeFlags.ESSymbolLike))
      return {};
    if (flags & ts.TypeFlags.TypeParameter) {
      const constraint = this.#checker.getBaseConstraintOfType(type);
      return constraint === undefined ? {} : this.write(constraint, MAX_DEPTH);
    }
    return null;
  }

  #union(types: readonly ts.Type[], depth: number): JsonObject {
    // Undefined is a property that is absent; an overwrite is for graphs, not for clients.
    const told = types.filter((type) => !isAbsent(type) && !this.#checker.getPropertyOfType(type, OVERWRITE));
    if (told.some((type) => this.#isMessageList(type))) return { type: "array", items: this.#message() };
    const members = this.#distinct(told, depth);
    const values = members.flatMap((member) => ("const" in member ? [member["const"]] : []));
    const others = members.filter((member) => !("const" in member));
    const enumerated = this.#enumerated(values);
    const all = [...enumerated, ...others];
    return all.length === 1 ? (all[0] ?? {}) : all.some(isAnything) ? {} : { anyOf: all };
  }

  #distinct(types: readonly ts.Type[], depth: number): JsonObject[] {
    const seen = new Map(
      types.map((type) => this.write(type, depth)).map((schema) => [JSON.stringify(schema), schema]),
    );
    return [...seen.values()];
  }

  #enumerated(values: readonly Json[]): JsonObject[] {
    if (values.length === 0) return [];
    if (values.length === 2 && values.includes(true) && values.includes(false)) return [{ type: "boolean" }];
    if (values.length === 1) return [{ const: values[0] ?? null }];
    const kinds = new Set(values.map((value) => typeof value));
    return [{ ...(kinds.size === 1 ? { type: [...kinds][0] ?? "string" } : {}), enum: [...values] }];
  }

  #isMessageList(type: ts.Type): boolean {
    const element = this.#elementOf(type);
    if (element === null) return false;
    return element.isUnion()
      ? element.types.some((member) => isMessage(this.#checker, member))
      : isMessage(this.#checker, element);
  }

  #elementOf(type: ts.Type): ts.Type | null {
    if (!this.#checker.isArrayType(type)) return null;
    return this.#checker.getTypeArguments(type as ts.TypeReference)[0] ?? null;
  }

  #message(): JsonObject {
    this.#definitions.set("BaseMessage", MESSAGE);
    return MESSAGE_REF;
  }

  /** What JSON makes of the language's own objects, and of the server's writer. */
  #builtIn(type: ts.Type, depth: number): JsonObject | null {
    const element = this.#elementOf(type);
    if (element !== null) {
      if (this.#isMessageList(type)) return { type: "array", items: this.#message() };
      return { type: "array", items: this.write(element, depth + 1) };
    }
    if (this.#checker.isTupleType(type)) {
      const items = this.#checker.getTypeArguments(type as ts.TypeReference).map((item) => this.write(item, depth + 1));
      return { type: "array", items };
    }
    const [first, second] = this.#checker.getTypeArguments(type as ts.TypeReference);
    switch (isOfLanguage(type) ? type.symbol.name : "") {
      case "Date":
        return { type: "string", format: "date-time" };
      case "Set":
      case "ReadonlySet":
        return { type: "array", items: first ? this.write(first, depth + 1) : {} };
      case "Map":
      case "ReadonlyMap":
        return { type: "object", additionalProperties: second ? this.write(second, depth + 1) : {} };
      case "Uint8Array":
      case "ArrayBuffer":
      case "Promise":
      case "RegExp":
        return {};
      default:
        return null;
    }
  }

  #named(type: ts.Type, depth: number): JsonObject {
    const name = nameOf(type);
    if (name === null || this.#definitions.size >= MAX_DEFINITIONS) return this.#object(type, depth);
    const known = this.#names.get(type);
    if (known !== undefined) return { $ref: `#/definitions/${known}` };
    const free = this.#freeName(name);
    this.#names.set(type, free);
    // Reserved before it is written, for what refers to itself.
    this.#definitions.set(free, {});
    this.#definitions.set(free, this.#object(type, depth));
    return { $ref: `#/definitions/${free}` };
  }

  #freeName(name: string): string {
    let free = name;
    for (let count = 2; this.#definitions.has(free); count += 1) free = `${name}_${count}`;
    return free;
  }

  #object(type: ts.Type, depth: number): JsonObject {
    const properties: Record<string, Json> = {};
    const required: string[] = [];
    for (const symbol of this.#checker.getPropertiesOfType(type)) {
      const of = this.#checker.getTypeOfSymbolAtLocation(symbol, this.#at);
      if (!isData(symbol) || this.#isCode(of)) continue;
      const isOptional = (symbol.flags & ts.SymbolFlags.Optional) !== 0 || isOptionalUnion(of);
      if (!isOptional) required.push(symbol.name);
      const description = ts.displayPartsToString(symbol.getDocumentationComment(this.#checker));
      properties[symbol.name] = { ...this.write(of, depth + 1), ...(description === "" ? {} : { description }) };
    }
    const index = this.#checker.getIndexInfoOfType(type, ts.IndexKind.String);
    const others = index ? this.write(index.type, depth + 1) : {};
    return {
      type: "object",
      ...(Object.keys(properties).length === 0 && index ? {} : { properties }),
      ...(required.length === 0 ? {} : { required }),
      ...(isAnything(others) ? {} : { additionalProperties: others }),
    };
  }

  #isCode(type: ts.Type): boolean {
    return type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0;
  }
}

const isAnything = (schema: JsonObject) => Object.keys(schema).length === 0;
const isOptionalUnion = (type: ts.Type) => type.isUnion() && type.types.some(isAbsent);

/** Private members and symbols never become JSON. */
function isData(symbol: ts.Symbol): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  const declarations = symbol.declarations ?? [];
  return (
    !symbol.name.startsWith("__@") &&
    !symbol.name.startsWith("#") &&
    !declarations.some((declaration) => (ts.getCombinedModifierFlags(declaration) & hidden) !== 0)
  );
}

function isOfLanguage(type: ts.Type): boolean {
  return (type.symbol?.declarations ?? []).some((it) => /\/lib\.[\w.]+\.d\.ts$/.test(it.getSourceFile().fileName));
}

/** The name that its author gave a type; null for literals written in place. */
function nameOf(type: ts.Type): string | null {
  const name = type.aliasSymbol?.name ?? type.symbol?.name;
  // Aliases of the language, like Record and Partial, say nothing of what is inside.
  const isGeneric = (type.aliasTypeArguments ?? []).length > 0;
  return name === undefined || name.startsWith("__") || isGeneric ? null : name;
}
