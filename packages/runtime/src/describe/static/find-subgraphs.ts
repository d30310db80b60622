import ts from "typescript";
import { isCompiledGraph } from "./type-facts.js";

/** A graph that is a node of another one, and the expression that makes it. */
export interface FoundSubgraph {
  readonly node: string;
  readonly expression: ts.Expression;
}

/** Definitions lead to each other; this many steps, and something is wrong. */
const MAX_STEPS = 50;

/**
 * The graphs among the nodes of a graph, by reading how it was written: `addNode(name, graph)` somewhere in the chain of calls
 * that made it, or on the variable that holds it, and graphs that a node's function calls.
 */
export function findSubgraphs(checker: ts.TypeChecker, graph: ts.Node): FoundSubgraph[] {
  const found = new Map<string, ts.Expression>();
  const seen = new Set<ts.Node>();
  follow(graph, 0);
  return [...found].map(([node, expression]) => ({ node, expression }));

  function follow(node: ts.Node, step: number): void {
    if (step > MAX_STEPS || seen.has(node)) return;
    seen.add(node);
    const plain = ts.isExpression(node) ? unwrap(node) : node;
    if (ts.isCallExpression(plain)) return followCall(plain, step);
    if (ts.isIdentifier(plain)) return followName(plain, step);
    if (ts.isFunctionLike(plain)) for (const result of resultsOf(plain)) follow(result, step + 1);
  }

  function followCall(call: ts.CallExpression, step: number): void {
    if (ts.isPropertyAccessExpression(call.expression)) {
      if (call.expression.name.text === "addNode") note(call);
      follow(call.expression.expression, step + 1);
      return;
    }
    const declaration = checker.getResolvedSignature(call)?.declaration;
    if (declaration !== undefined && ts.isFunctionLike(declaration)) follow(declaration, step + 1);
  }

  function followName(name: ts.Identifier, step: number): void {
    const symbol = symbolAt(checker, name);
    for (const declaration of symbol?.declarations ?? []) {
      const value = valueOf(declaration);
      if (value === null) continue;
      follow(value, step + 1);
      // `builder.addNode(…)` as a statement of its own.
      for (const call of callsOn(declaration.getSourceFile(), symbol)) followCall(call, step + 1);
    }
  }

  function callsOn(source: ts.SourceFile, symbol: ts.Symbol | undefined): ts.CallExpression[] {
    const calls: ts.CallExpression[] = [];
    visit(source, (node) => {
      if (!ts.isExpressionStatement(node)) return;
      const expression = unwrap(node.expression);
      if (!ts.isCallExpression(expression)) return;
      const root = rootOf(expression);
      if (ts.isIdentifier(root) && symbolAt(checker, root) === symbol) calls.push(expression);
    });
    return calls;
  }

  function note(call: ts.CallExpression): void {
    for (const [name, value, options] of nodesOf(call)) {
      const graph = [value, ...(options === undefined ? [] : listed(options))].find(isGraph);
      const expression = graph ?? calledGraph(value);
      if (expression !== null && !found.has(name)) found.set(name, expression);
    }
  }

  /** The first graph that a node's function calls. */
  function calledGraph(value: ts.Expression): ts.Expression | null {
    let graph: ts.Expression | null = null;
    visit(functionOf(checker, value), (node) => {
      if (graph !== null || !ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return;
      const { expression, name } = node.expression;
      if (/^(invoke|stream|streamEvents)$/.test(name.text) && isGraph(expression)) graph = expression;
    });
    return graph;
  }

  function isGraph(expression: ts.Expression): boolean {
    return isCompiledGraph(checker, checker.getTypeAtLocation(expression));
  }
}

/** What stands behind a declaration: the value of a variable, a function. */
export function valueOf(declaration: ts.Node): ts.Node | null {
  if (ts.isVariableDeclaration(declaration)) return declaration.initializer ?? null;
  if (ts.isExportAssignment(declaration)) return declaration.expression;
  return ts.isFunctionDeclaration(declaration) ? declaration : null;
}

/** The symbol that a name means in the end, over imports and exports. */
function symbolAt(checker: ts.TypeChecker, node: ts.Node): ts.Symbol | undefined {
  const symbol = checker.getSymbolAtLocation(node);
  return symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0
    ? checker.getAliasedSymbol(symbol)
    : symbol;
}

type NodeEntry = readonly [name: string, value: ts.Expression, options?: ts.Expression];

/** The three ways to write `addNode`: name and value, an object of them, a list of pairs. */
function nodesOf({ arguments: [first, second, third] }: ts.CallExpression): NodeEntry[] {
  if (first === undefined) return [];
  if (ts.isStringLiteralLike(first))
    return second === undefined ? [] : [third ? [first.text, second, third] : [first.text, second]];
  if (ts.isObjectLiteralExpression(first)) {
    return first.properties.flatMap((it): NodeEntry[] => {
      if (ts.isShorthandPropertyAssignment(it)) return [[it.name.text, it.name]];
      return ts.isPropertyAssignment(it) && !ts.isComputedPropertyName(it.name) ? [[it.name.text, it.initializer]] : [];
    });
  }
  if (!ts.isArrayLiteralExpression(first)) return [];
  return first.elements.flatMap((it): NodeEntry[] => {
    if (!ts.isArrayLiteralExpression(it)) return [];
    const [name, value] = it.elements;
    return name && value && ts.isStringLiteralLike(name) ? [[name.text, value]] : [];
  });
}

/** The graphs in `{ subgraphs: [ … ] }`. */
function listed(options: ts.Expression): ts.Expression[] {
  if (!ts.isObjectLiteralExpression(options)) return [];
  return options.properties.flatMap((it) =>
    ts.isPropertyAssignment(it) && it.name.getText() === "subgraphs" && ts.isArrayLiteralExpression(it.initializer)
      ? [...it.initializer.elements]
      : [],
  );
}

function functionOf(checker: ts.TypeChecker, value: ts.Expression): ts.Node {
  const plain = unwrap(value);
  if (!ts.isIdentifier(plain)) return plain;
  const declaration = symbolAt(checker, plain)?.declarations?.[0];
  return (declaration && valueOf(declaration)) ?? plain;
}

/** What a function may return. */
function resultsOf(fn: ts.SignatureDeclaration): ts.Node[] {
  const body = "body" in fn ? fn.body : undefined;
  if (body === undefined) return [];
  if (!ts.isBlock(body)) return [body];
  const results: ts.Node[] = [];
  visit(body, (node) => {
    if (ts.isReturnStatement(node) && node.expression) results.push(node.expression);
  });
  return results;
}

function rootOf(expression: ts.Expression): ts.Expression {
  const plain = unwrap(expression);
  if (ts.isCallExpression(plain) || ts.isPropertyAccessExpression(plain)) return rootOf(plain.expression);
  return plain;
}

/** The expression itself, without brackets, casts and waiting. */
function unwrap(expression: ts.Expression): ts.Expression {
  if (
    ts.isParenthesizedExpression(expression) ||
    ts.isAsExpression(expression) ||
    ts.isSatisfiesExpression(expression) ||
    ts.isNonNullExpression(expression) ||
    ts.isAwaitExpression(expression)
  ) {
    return unwrap(expression.expression);
  }
  return expression;
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}
