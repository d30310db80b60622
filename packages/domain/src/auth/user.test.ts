import { STUDIO_USER, userOf } from "./user.js";

describe("userOf", () => {
  test("a text is a name", () => {
    expect(userOf("ann")).toEqual({
      identity: "ann",
      permissions: [],
      user: { identity: "ann", display_name: "ann", is_authenticated: true, permissions: [] },
    });
  });

  test("an object is kept whole", () => {
    const { identity, permissions, user } = userOf({ identity: "ann", permissions: ["read"], org: { id: 7 } });

    expect(identity).toBe("ann");
    expect(permissions).toEqual(["read"]);
    expect(user).toEqual({
      identity: "ann",
      display_name: "ann",
      is_authenticated: true,
      permissions: ["read"],
      org: { id: 7 },
    });
  });

  test("what it says of itself counts", () => {
    expect(userOf({ identity: "a", display_name: "Ann", is_authenticated: false }).user).toMatchObject({
      display_name: "Ann",
      is_authenticated: false,
    });
  });

  test("permissions that are no list are none", () => {
    expect(userOf({ identity: "ann", permissions: "all" })).toMatchObject({
      permissions: [],
      user: { permissions: [] },
    });
  });

  test("what JSON cannot hold stays behind", () => {
    const user = { identity: "ann", since: new Date(0), can: () => true };

    expect(userOf(user).user).toMatchObject({ since: "1970-01-01T00:00:00.000Z" });
    expect(userOf(user).user).not.toHaveProperty("can");
  });

  test.each([undefined, null, true, "", 7, {}, { identity: 7 }, { identity: "" }, ["ann"]])(
    "%p names nobody",
    (answer) => {
      expect(() => userOf(answer)).toThrow("Invalid auth response");
    },
  );

  test("the studio's user is known by its kind", () => {
    expect(STUDIO_USER.user).toMatchObject({ kind: "StudioUser", identity: "langgraph-studio-user" });
  });
});
