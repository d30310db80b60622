import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { signatureOf } from "@graphfleet/domain";

// Receivers copy what docs/webhooks.md says, so it is run here, by the programs that they run it with.

const DOCS = readFileSync(fileURLToPath(new URL("../../../../docs/webhooks.md", import.meta.url)), "utf8");
const snippet = (language: string): string => {
  const found = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "ms").exec(DOCS.slice(DOCS.indexOf("## Verify it")));
  if (found?.[1] === undefined) throw new Error(`docs/webhooks.md has no snippet in ${language}`);
  return found[1];
};

const PROGRAMS = [
  {
    language: "js",
    command: [process.execPath, "--input-type=module", "-e"],
    code: `${snippet("js")}
import { readFileSync } from "node:fs";
const cases = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map(({ headers, body, key }) => isGenuine(headers, Buffer.from(body, "utf8"), key))));`,
  },
  {
    language: "python",
    command: ["python3", "-c"],
    code: `${snippet("python")}
import json, sys
cases = json.loads(sys.stdin.buffer.read())
print(json.dumps([is_genuine(one["headers"], one["body"].encode(), one["key"]) for one in cases]))`,
  },
];

const body = '{"values":{"greeting":"grüezi 🌍"}}';
const deliveryId = "dddd0000-0000-4000-8000-000000000001";
const signed = (keys: readonly string[], secondsAgo = 0) => ({
  "x-graphfleet-delivery": deliveryId,
  "x-graphfleet-signature": signatureOf({ deliveryId, body, at: new Date(Date.now() - secondsAgo * 1000) }, keys)!,
});
const good = { headers: signed(["key"]), body, key: "key" };
const { "x-graphfleet-signature": signature } = good.headers;

const CASES = [
  { what: "ours", given: good, genuine: true },
  {
    what: "ours, while the key is changed: the old one",
    given: { ...good, headers: signed(["new", "key"]) },
    genuine: true,
  },
  {
    what: "ours, while the key is changed: the new one",
    given: { ...good, headers: signed(["key", "old"]) },
    genuine: true,
  },
  { what: "another key", given: { ...good, key: "other" }, genuine: false },
  { what: "another body", given: { ...good, body: `${body} ` }, genuine: false },
  {
    what: "another delivery",
    given: { ...good, headers: { ...good.headers, "x-graphfleet-delivery": "x" } },
    genuine: false,
  },
  { what: "an old one", given: { ...good, headers: signed(["key"], 3600) }, genuine: false },
  { what: "one of the future", given: { ...good, headers: signed(["key"], -3600) }, genuine: false },
  ...[
    ["no signature", undefined],
    ["an empty one", ""],
    ["a time alone", signature.replace(/,.*/, "")],
    ["no time", signature.replace(/^.*?,/, "")],
    ["half a signature", signature.slice(0, -32)],
    ["no hex", signature.replace(/v1=.*/, "v1=ü")],
    ["no number", signature.replace(/t=\d+/, "t=²")],
    ["another version", signature.replace("v1=", "v2=")],
  ].map(([what, changed]) => ({
    what: `${what}`,
    given: { ...good, headers: { ...good.headers, "x-graphfleet-signature": changed } },
    genuine: false,
  })),
];

describe.each(PROGRAMS)("what docs/webhooks.md tells receivers, in $language", ({ language, command, code }) => {
  const [program = "", ...args] = command;
  const isThere = spawnSync(program, ["--version"]).status === 0;
  if (!isThere) process.stderr.write(`\n!! NOT TESTED, no ${program} on this machine: the ${language} snippet\n`);

  test("tells what is ours from what is not", () => {
    if (!isThere) return;
    const { status, stdout, stderr } = spawnSync(program, [...args, code], {
      input: JSON.stringify(CASES.map(({ given }) => given)),
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
    const answers = JSON.parse(stdout) as readonly boolean[];
    expect(CASES.map(({ what }, i) => [what, answers[i]])).toEqual(CASES.map(({ what, genuine }) => [what, genuine]));
  });
});
