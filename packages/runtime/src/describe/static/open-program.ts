import path from "node:path";
import ts from "typescript";

/** Modules as our own bundler finds them. */
const BUNDLER = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };

/** What types mean where no tsconfig.json says it. */
const DEFAULTS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  ...BUNDLER,
  strict: true,
  esModuleInterop: true,
  resolveJsonModule: true,
};

/** We only ask for types: nothing is written, and the project may be as broken elsewhere as it likes. */
const ALWAYS: ts.CompilerOptions = {
  noEmit: true,
  composite: false,
  incremental: false,
  skipLibCheck: true,
  allowJs: true,
  allowImportingTsExtensions: true,
};

/** A program of one file and what it imports, and the configuration files that were read. */
export function openProgram(file: string): { readonly program: ts.Program; readonly configs: readonly string[] } {
  const found = ts.findConfigFile(path.dirname(file), (name) => ts.sys.fileExists(name));
  const project = found === undefined ? null : readOptions(found);
  const wanted = project?.options ?? DEFAULTS;
  // The oldest resolver does not know what packages export.
  const isOld = wanted.moduleResolution === ts.ModuleResolutionKind.Node10 || !resolves(wanted);
  const options = { ...wanted, ...(isOld ? BUNDLER : {}), ...ALWAYS };
  return { program: ts.createProgram([file], options), configs: project?.files ?? [] };
}

/** Without a resolver and with an old module format, the compiler would take the oldest one. */
const resolves = ({ module, moduleResolution }: ts.CompilerOptions): boolean =>
  moduleResolution !== undefined || (module !== undefined && module >= ts.ModuleKind.Node16);

function readOptions(config: string): { options: ts.CompilerOptions; files: string[] } {
  const files = new Set([config]);
  const host: ts.ParseConfigHost = {
    ...ts.sys,
    useCaseSensitiveFileNames: ts.sys.useCaseSensitiveFileNames,
    // The files of the project are of no interest, only its options.
    readDirectory: () => [],
    readFile: (name) => {
      if (name.endsWith(".json")) files.add(name);
      return ts.sys.readFile(name);
    },
  };
  const read: { readonly config?: unknown } = ts.readConfigFile(config, (name) => ts.sys.readFile(name));
  const { options } = ts.parseJsonConfigFileContent(read.config ?? {}, host, path.dirname(config), undefined, config);
  return { options, files: [...files] };
}
