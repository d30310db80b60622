import { AuthRefusal, refusalOf } from "./refusal.js";

const thrown = (facts: object, message = "no") => Object.assign(new Error(message), facts);

describe("refusalOf", () => {
  test("reads the SDK's exception without knowing its class", () => {
    const refusal = refusalOf(thrown({ status: 401, headers: { "WWW-Authenticate": "Bearer" } }, "who are you?"));

    expect(refusal).toBeInstanceOf(AuthRefusal);
    expect(refusal).toMatchObject({
      code: "unauthenticated",
      status: 401,
      message: "who are you?",
      headers: { "www-authenticate": "Bearer" },
    });
  });

  test("it need not be an error", () => {
    expect(refusalOf({ status: 403, headers: null })).toMatchObject({ status: 403, message: "Forbidden", headers: {} });
  });

  test.each([
    ["pairs", [["x-a", "1"]]],
    ["a Headers object", new Headers({ "X-A": "1" })],
    ["a record", { "x-a": "1" }],
  ])("headers may be %s", (_what, headers) => {
    expect(refusalOf(thrown({ status: 403, headers }))?.headers).toEqual({ "x-a": "1" });
  });

  test("headers that frame the answer are ours", () => {
    const headers = { "content-length": "9000", "Content-Type": "text/html", "transfer-encoding": "x", "x-a": "1" };

    expect(refusalOf(thrown({ status: 403, headers }))?.headers).toEqual({ "x-a": "1" });
  });

  test("headers that cannot be sent are left out, all of them", () => {
    expect(refusalOf(thrown({ status: 403, headers: { "x-a": "1\r\nset-cookie: x" } }))?.headers).toEqual({});
  });

  test.each([
    ["an ordinary error", new Error("bug")],
    ["one without headers", thrown({ status: 403 })],
    ["one without a status", thrown({ headers: {} })],
    ["a status that is none", thrown({ status: "403", headers: {} })],
    ["a status that would allow", thrown({ status: 200, headers: {} })],
    ["a number that is no status", thrown({ status: 999, headers: {} })],
    ["null", null],
    ["a text", "403"],
  ])("%s is no refusal", (_what, error) => {
    expect(refusalOf(error)).toBeNull();
  });
});
