import { threadView } from "./thread-view.js";

describe("threadView", () => {
  const error = { error: "E", message: "m" };

  test("shows the error of a thread that is in error", () => {
    expect(threadView({ status: "error", error })).toEqual({ status: "error", error });
  });

  test.each(["busy", "idle", "interrupted"] as const)("shows no old error of a thread that is %s", (status) => {
    expect(threadView({ status, error })).toEqual({ status, error: null });
  });

  test("leaves out what was not read", () => {
    expect(threadView({ status: "idle" })).toEqual({ status: "idle" });
  });
});
