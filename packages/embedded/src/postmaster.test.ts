import { initdbReason } from "./postgres-cluster.js";
import { parsePostmaster } from "./postmaster.js";

describe("parsePostmaster", () => {
  test("reads a server that is ready", () => {
    const text = "4711\n/data\n1700000000\n15432\n\n127.0.0.1\n  1 2\nready   \n";

    expect(parsePostmaster(text)).toEqual({ pid: 4711, port: 15_432, ready: true });
  });

  test("reads a server that has only just begun", () => {
    expect(parsePostmaster("4711\n/data\n")).toEqual({ pid: 4711, port: null, ready: false });
  });

  test("reads nothing from an empty file", () => {
    expect(parsePostmaster("")).toBeNull();
  });
});

describe("initdbReason", () => {
  test("is the line that names the cause", () => {
    const stderr = 'initdb: error: could not create directory "/x": No space left on device\ninitdb: removing it\n';

    expect(initdbReason(stderr, "creating …", new Error("Command failed"))).toBe(
      'could not create directory "/x": No space left on device.',
    );
  });

  test("is the system's word when the program said nothing", () => {
    expect(initdbReason("", "", new Error("spawn initdb EACCES"))).toBe("spawn initdb EACCES.");
  });
});
