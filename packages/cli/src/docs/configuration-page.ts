import type { TObject, TSchema } from "@sinclair/typebox";

/** One process, and the schema of the variables that it reads. */
export interface ProcessEnv {
  readonly name: string;
  readonly env: TObject;
}

export interface ConfigurationParts {
  /** Of langgraph.json. */
  readonly project: TSchema;
  readonly processes: readonly ProcessEnv[];
  readonly withoutEffect: Readonly<Record<string, string>>;
}

/** docs/configuration.md: every key and every variable, from the schemas that check them. */
export const configurationPage = ({ project, processes, withoutEffect }: ConfigurationParts): string =>
  `<!-- prettier-ignore-start -->

# Configuration

Written by \`pnpm docs:configuration\` from the schemas in the code; edit those.

## langgraph.json

A value that does not fit stops the server, with a sentence that names the key, the value and what may stand there. An unknown
key is a warning. Without a file, each section may stand in a variable as JSON: \`LANGSERVE_GRAPHS\`, \`LANGGRAPH_STORE\`,
\`LANGGRAPH_AUTH\`, \`LANGGRAPH_HTTP\`, \`LANGGRAPH_CHECKPOINTER\`, \`LANGGRAPH_WEBHOOKS\`, \`LANGGRAPH_ENCRYPTION\`.

| Key | What may stand there | Default | Meaning |
| --- | --- | --- | --- |
${keysOf(project, "").map(row).join("")}
## Variables

An empty variable counts as not set. \`NAME_FILE\` may name a file that holds the value of \`NAME\`, as container secrets do.

| Variable | What may stand there | Default | Read by | Meaning |
| --- | --- | --- | --- | --- |
${variablesOf(processes).map(row).join("")}
Accepted without effect:

| Variable | Why |
| --- | --- |
${Object.entries(withoutEffect)
  .map(([name, why]) => row([`\`${name}\``, why]))
  .join("")}
<!-- prettier-ignore-end -->
`;

const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;

function keysOf(schema: TSchema, at: string): (readonly string[])[] {
  return Object.entries(propertiesOf(schema)).flatMap(([name, child]) => {
    const place = at === "" ? name : `${at}.${name}`;
    const meaning = `${child.description ?? ""}${effectOf(child)}`;
    return [[`\`${place}\``, formOf(child), defaultOf(child), meaning], ...keysOf(child, place)];
  });
}

function effectOf({ effect, why }: TSchema): string {
  if (effect === "none") return ` **Without effect**: ${String(why)}.`;
  return effect === "elsewhere" ? " For other tools: left alone." : "";
}

const propertiesOf = (schema: TSchema): Record<string, TSchema> =>
  (schema["properties"] as Record<string, TSchema> | undefined) ?? {};

function variablesOf(processes: readonly ProcessEnv[]): (readonly string[])[] {
  const names = [...new Set(processes.flatMap(({ env }) => Object.keys(env.properties)))].toSorted();
  return names.map((name) => {
    const readers = processes.flatMap(({ name: process, env }) => {
      const schema = env.properties[name];
      return schema === undefined ? [] : [{ process, schema }];
    });
    const schema = readers[0]?.schema ?? {};
    const aliases = ((schema as TSchema)["names"] as string[] | undefined) ?? [name];
    const defaults = new Set(readers.map((reader) => defaultOf(reader.schema)));
    return [
      aliases.map((alias) => `\`${alias}\``).join(", else "),
      formOf(schema as TSchema),
      defaults.size === 1
        ? ([...defaults][0] ?? "")
        : readers.map((reader) => `${defaultOf(reader.schema)} (${reader.process})`).join(", "),
      readers.map(({ process }) => process).join(", "),
      `${(schema as TSchema).description ?? ""}.`,
    ];
  });
}

const defaultOf = (schema: TSchema): string =>
  schema["default"] === undefined ? "" : `\`${JSON.stringify(schema["default"])}\``;

function formOf(schema: TSchema): string {
  if (typeof schema["expected"] === "string") return schema["expected"];
  const choices = schema["anyOf"] as readonly TSchema[] | undefined;
  if (choices !== undefined) return choices.map((choice) => JSON.stringify(choice["const"])).join(" or ");
  switch (schema["type"]) {
    case "integer":
      return "a whole number";
    case "boolean":
      return "true or false";
    case "number":
      return "a number";
    default:
      return schema["format"] === "uri" ? "a URI" : "a text";
  }
}
