import { DomainError, threadBusy } from "@graphfleet/domain";

import { isConflict, isTransient, isUniqueViolation, toLedgerError } from "./pg-errors.js";

const withCode = (code: string, more = {}) => Object.assign(new Error("nope"), { code, ...more });

test.each(["57P01", "53300", "08006", "55P03", "57014", "ECONNREFUSED", "EPIPE"])("%s is an outage", (code) => {
  const error = withCode(code);
  expect(isTransient(error)).toBe(true);
  const seen = toLedgerError(error);
  expect(seen).toBeInstanceOf(DomainError);
  expect(seen).toMatchObject({ code: "unavailable", cause: error });
  expect(toLedgerError(seen)).toBe(seen);
});

test.each([
  "timeout exceeded when trying to connect",
  "Connection terminated unexpectedly",
  "Client has encountered a connection error and is not queryable",
])("%j is an outage", (message) => {
  expect(toLedgerError(new Error(message))).toMatchObject({ code: "unavailable" });
});

test.each([withCode("23505"), withCode("22P02"), new Error("bug"), "text", null, threadBusy([])])(
  "%p stays what it is",
  (error) => {
    expect(toLedgerError(error)).toBe(error);
    expect(isTransient(error)).toBe(false);
  },
);

test("a deadlock is worth another try, and is not an outage", () => {
  const deadlock = withCode("40P01");
  expect(isConflict(deadlock)).toBe(true);
  expect(isTransient(deadlock)).toBe(true);
  expect(toLedgerError(deadlock)).toBe(deadlock);
});

test("a unique violation is known by its constraint", () => {
  const error = withCode("23505", { constraint: "runs_pkey" });
  expect(isUniqueViolation(error, "runs_pkey")).toBe(true);
  expect(isUniqueViolation(error, "other")).toBe(false);
  expect(isUniqueViolation(withCode("23503", { constraint: "runs_pkey" }), "runs_pkey")).toBe(false);
});
