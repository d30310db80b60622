import type { JsonObject } from "@graphfleet/domain";
import path from "node:path";
import ts from "typescript";
import type { GraphSchemas } from "../json-schemas.js";
import type { Analysis, AnalysisRequest } from "./analysis.js";
import { findSubgraphs, valueOf } from "./find-subgraphs.js";
import { openProgram } from "./open-program.js";
import { compiledType, isUnknown, propertyType } from "./type-facts.js";
import { typeToSchema } from "./type-to-schema.js";

/** Graphs within graphs within graphs: nobody goes deeper, except in circles. */
const MAX_DEPTH = 8;

/**
 * What the types of a graph say of its state, input, output and context, and those of its subgraphs. Reads the project's
 * source as the compiler does; executes nothing. Takes seconds, most of them for LangGraph's own types.
 */
export function analyseGraph({ file, exportName }: AnalysisRequest): Analysis {
  const { program, configs } = openProgram(file);
  const checker = program.getTypeChecker();
  const graphs: Record<string, GraphSchemas> = {};
  const source = program.getSourceFile(file);
  const symbol = source && exportOf(checker, source, exportName);
  if (source && symbol) {
    const type = compiledType(checker, checker.getTypeOfSymbolAtLocation(symbol, source), source);
    if (type !== null) {
      graphs[""] = schemasOfType(checker, type, source);
      const value = (symbol.declarations ?? []).map(valueOf).find((it) => it !== null);
      if (value) addSubgraphs(value, "", 0);
    }
  }
  return { graphs, inputs: inputsOf(program, configs) };

  function addSubgraphs(graph: ts.Node, namespace: string, depth: number): void {
    if (depth >= MAX_DEPTH) return;
    for (const { node, expression } of findSubgraphs(checker, graph)) {
      const type = compiledType(checker, checker.getTypeAtLocation(expression), expression);
      if (type === null) continue;
      const place = namespace === "" ? node : `${namespace}|${node}`;
      graphs[place] = schemasOfType(checker, type, expression);
      addSubgraphs(expression, place, depth + 1);
    }
  }
}

function exportOf(checker: ts.TypeChecker, source: ts.SourceFile, name: string): ts.Symbol | null {
  const module = checker.getSymbolAtLocation(source);
  const symbol = module && checker.getExportsOfModule(module).find((it) => it.name === name);
  if (!symbol) return null;
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function schemasOfType(checker: ts.TypeChecker, graph: ts.Type, at: ts.Node): GraphSchemas {
  const of = (name: string) => schemaOf(propertyType(checker, graph, name, at));
  return {
    state: of("~RunOutput"),
    input: of("~InputType"),
    output: of("~OutputType"),
    config: settings(schemaOf(contextType())),
  };

  function schemaOf(type: ts.Type | null) {
    return type === null || isUnknown(type) ? null : typeToSchema(checker, type, at);
  }

  /** The context is what `invoke` takes beside the input. */
  function contextType(): ts.Type | null {
    const invoke = propertyType(checker, graph, "invoke", at);
    const parameter = invoke?.getCallSignatures()[0]?.parameters[1];
    const options = parameter && checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(parameter, at));
    const context = options && propertyType(checker, options, "context", at);
    const told = context ? checker.getNonNullableType(context) : null;
    // Without a declared context its type is "any object", which says nothing.
    return told === null || checker.getPropertiesOfType(told).length === 0 ? null : told;
  }
}

/** Nobody checks the settings of such a graph, so a caller may leave out each of them. */
function settings(schema: JsonObject | null): JsonObject | null {
  if (schema === null) return null;
  const { required: _, ...others } = schema;
  return others;
}

/** The project's own files, and of each package the manifest: its version says what its files are. */
function inputsOf(program: ts.Program, configs: readonly string[]): string[] {
  const inputs = new Set(configs);
  for (const source of program.getSourceFiles()) {
    const { fileName } = source;
    if (program.isSourceFileDefaultLibrary(source)) continue;
    const manifest = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(fileName)?.[1];
    inputs.add(manifest === undefined ? fileName : path.join(manifest, "package.json"));
  }
  return [...inputs];
}
