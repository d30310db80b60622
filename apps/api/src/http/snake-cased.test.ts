import { Type } from "@sinclair/typebox";
import { snakeCased } from "./snake-cased.js";

const Schema = Type.Object({ assistant_id: Type.String(), input: Type.Any(), after_seconds: Type.Number() });

describe("snakeCased", () => {
  test("takes members under either name, one level deep", () => {
    expect(snakeCased(Schema, { assistantId: "a", input: { afterSeconds: 1 }, other: 2 })).toMatchObject({
      assistant_id: "a",
      input: { afterSeconds: 1 },
      other: 2,
    });
  });

  test("prefers the name of the schema", () => {
    expect(snakeCased(Schema, { after_seconds: 0, afterSeconds: 9 })).toMatchObject({ after_seconds: 0 });
    expect(snakeCased(Schema, { after_seconds: null, afterSeconds: 9 })).toMatchObject({ after_seconds: 9 });
  });

  test.each([null, 1, "text", [[]]])("leaves %j for the validator", (body) => {
    expect(snakeCased(Schema, body)).toBe(body);
  });
});
