import { threadNotFound } from "@graphfleet/domain";
import { ledgerError, reading } from "./ledger-outage.js";

const failing = (fields: object, message = "no") => Object.assign(new Error(message), fields);

test.each([
  ["a refused connection", failing({ code: "ECONNREFUSED" })],
  ["a server that shuts down", failing({ code: "57P01" })],
  ["a server that is full", failing({ code: "53300" })],
  ["a lost connection", failing({}, "Connection terminated unexpectedly")],
  ["a pool without a free connection", failing({}, "timeout exceeded when trying to connect")],
])("%s is an outage, with its cause", async (_name, error) => {
  const read = async () => {
    throw error;
  };
  await expect(reading(read)).rejects.toMatchObject({ code: "unavailable", cause: error });
});

test.each([
  ["a wrong statement", failing({ code: "42601" })],
  ["an error of a graph", new TypeError("x is not a function")],
  ["what the domain knows already", threadNotFound("t")],
])("%s stays what it is", (_name, error) => {
  expect(ledgerError(error)).toBe(error);
});
