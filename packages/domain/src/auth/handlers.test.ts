import { aCaller } from "../../test/facts.js";
import { ANONYMOUS } from "./caller.js";
import { type AuthHandlers, type AuthQuestion, askHandlers } from "./handlers.js";
import { WHOLE_HOUSE } from "./scope.js";
import { userOf } from "./user.js";

const ANN = aCaller(userOf({ identity: "ann", permissions: ["read"], org: "acme" }));
const ask = (handlers: AuthHandlers) => askHandlers(handlers).authorize(ANN, "threads:create", { thread_id: "t" });
const refusal = (facts: object) => Object.assign(new Error("no entry"), facts);

describe("which handler is asked", () => {
  const all = ["threads:create", "threads", "*:create", "*"];

  test.each([0, 1, 2, 3])("the most specific one of those from the %sth on, and no other", async (from) => {
    const asked: string[] = [];
    const names = all.slice(from);

    await ask(Object.fromEntries(names.map((name) => [name, () => void asked.push(name)])));

    expect(asked).toEqual([names[0]]);
  });

  test.each<[string, AuthHandlers]>([
    ["another action", { "threads:read": () => false }],
    ["another resource", { assistants: () => false, "*:read": () => false }],
    ["nothing", {}],
    ["a name that every object inherits", Object.create({ "*": () => false }) as AuthHandlers],
  ])("with one for %s everything is allowed", async (_what, handlers) => {
    await expect(ask(handlers)).resolves.toEqual({ scope: WHOLE_HOUSE, value: { thread_id: "t" } });
  });

  test("none, when nobody had to log in", async () => {
    const handlers = { "*": () => false };

    const answer = await askHandlers(handlers).authorize(ANONYMOUS, "threads:read", {});

    expect(answer.scope).toBe(WHOLE_HOUSE);
  });
});

test("it is told who wants what", async () => {
  const questions: AuthQuestion[] = [];

  await ask({ "*": (question) => void questions.push(question) });

  expect(questions).toEqual([
    {
      event: "threads:create",
      resource: "threads",
      action: "create",
      value: { thread_id: "t" },
      permissions: ["read"],
      user: {
        identity: "ann",
        permissions: ["read"],
        org: "acme",
        is_authenticated: true,
        display_name: "ann",
      },
    },
  ]);
});

describe("what its answer means", () => {
  test.each([undefined, null, true])("%s allows everything", async (said) => {
    await expect(ask({ "*": () => said })).resolves.toMatchObject({ scope: WHOLE_HOUSE });
  });

  test("false refuses", async () => {
    await expect(ask({ "*": async () => false })).rejects.toMatchObject({ code: "forbidden", message: "Forbidden" });
  });

  test("a filter narrows", async () => {
    const { scope } = await ask({ "*": () => ({ owner: "ann" }) });

    expect(scope).toEqual({ conditions: [{ key: "owner", operator: "eq", value: "ann" }] });
  });

  test.each(["yes", 1, [{ owner: "ann" }], () => true])("%p is a mistake, not a permission", async (said) => {
    await expect(ask({ "*": () => said })).rejects.toThrow("auth handler for threads:create returned");
  });

  test("what it throws with a status and headers is its answer", async () => {
    const thrown = refusal({ status: 402, headers: { "x-plan": "free" } });

    await expect(ask({ "*": () => Promise.reject(thrown) })).rejects.toMatchObject({
      code: "forbidden",
      status: 402,
      message: "no entry",
      headers: { "x-plan": "free" },
    });
  });

  test("anything else it throws stays what it is", async () => {
    const bug = new Error("typo");

    await expect(ask({ "*": () => Promise.reject(bug) })).rejects.toBe(bug);
  });
});

describe("the value", () => {
  const changing = (change: (value: Record<string, unknown>) => void) =>
    askHandlers({ "*": ({ value }) => change(value) });

  test("is what the handler made of it", async () => {
    const authorizer = changing((value) => {
      value["metadata"] = { owner: "ann", gone: undefined };
    });

    const { value } = await authorizer.authorize(ANN, "threads:create", { metadata: { mine: true } });

    expect(value).toStrictEqual({ metadata: { owner: "ann" } });
  });

  test("of the one who asks stays as it was", async () => {
    const mine = { metadata: { deep: { k: 1 } } };

    await changing((value) => {
      (value["metadata"] as { deep: { k: number } }).deep.k = 2;
    }).authorize(ANN, "threads:create", mine);

    expect(mine).toEqual({ metadata: { deep: { k: 1 } } });
  });

  test("a handler cannot change the user for the requests to come", async () => {
    const authorizer = askHandlers({
      "*": ({ user, permissions }) => {
        Object.assign(user, { identity: "root" });
        (permissions as string[]).push("all");
      },
    });

    await authorizer.authorize(ANN, "threads:read", {});

    expect(ANN.user).toMatchObject({ identity: "ann" });
    expect(ANN.permissions).toEqual(["read"]);
  });
});

describe("a handler that never answers", () => {
  const silent = () => new Promise<never>(() => undefined);

  test("refuses, and says so", async () => {
    const answer = askHandlers({ "*": silent }, { timeoutMs: 5 }).authorize(ANN, "threads:create", {});

    await expect(answer).rejects.toMatchObject({
      name: "DomainError",
      status: 504,
      message: "The auth handler for threads:create did not answer within 0.005 seconds",
    });
  });

  test("may fail later, which nobody hears", async () => {
    let fail: (error: Error) => void = () => undefined;
    const late = new Promise<never>((_resolve, reject) => {
      fail = reject;
    });
    const answer = askHandlers({ "*": () => late }, { timeoutMs: 5 }).authorize(ANN, "threads:create", {});

    await expect(answer).rejects.toMatchObject({ status: 504 });
    fail(new Error("too late"));
    await expect(late).rejects.toThrow("too late");
  });
});
