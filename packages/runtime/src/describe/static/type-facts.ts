import ts from "typescript";

/** The type of a property, null where there is none. */
export function propertyType(checker: ts.TypeChecker, type: ts.Type, name: string, at: ts.Node): ts.Type | null {
  const symbol = checker.getPropertyOfType(type, name);
  return symbol === undefined ? null : checker.getTypeOfSymbolAtLocation(symbol, at);
}

/** What a call of this type gives, awaited; null where it cannot be called. */
function returnType(checker: ts.TypeChecker, type: ts.Type): ts.Type | null {
  const signature = type.getCallSignatures()[0];
  if (signature === undefined) return null;
  const returned = checker.getReturnTypeOfSignature(signature);
  return checker.getAwaitedType(returned) ?? returned;
}

/** Nothing is known of it: inference failed, or nobody said. */
export const isUnknown = (type: ts.Type): boolean => (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) !== 0;

export const isAbsent = (type: ts.Type): boolean => (type.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) !== 0;

/** A message of LangChain, whichever kind and copy: known by what only messages have. */
export function isMessage(checker: ts.TypeChecker, type: ts.Type): boolean {
  return ["content", "additional_kwargs", "response_metadata", "lc_kwargs"].every(
    (name) => checker.getPropertyOfType(type, name) !== undefined,
  );
}

/** A compiled graph, whichever copy of LangGraph it is of. */
export const isCompiledGraph = (checker: ts.TypeChecker, type: ts.Type): boolean =>
  checker.getPropertyOfType(type, "lg_is_pregel") !== undefined;

/** The compiled graph that a project's export becomes: as the server does with the value, here with its type. */
export function compiledType(checker: ts.TypeChecker, exported: ts.Type, at: ts.Node): ts.Type | null {
  const made = returnType(checker, exported) ?? checker.getAwaitedType(exported) ?? exported;
  if (isUnknown(made)) return null;
  if (isCompiledGraph(checker, made)) return made;
  const inner = propertyType(checker, made, "graph", at);
  if (inner !== null && isCompiledGraph(checker, inner)) return inner;
  const compile = propertyType(checker, made, "compile", at);
  const compiled = compile === null ? null : returnType(checker, compile);
  return compiled !== null && isCompiledGraph(checker, compiled) ? compiled : null;
}
