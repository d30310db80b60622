import { type AuthenticatedUser, userOf } from "@graphfleet/domain";
import type { Login, LoginAttempt } from "./authenticate.js";
import { rememberLogins } from "./remember-logins.js";

function setUp({ headers = ["Authorization"], maxSize = 10 } = {}) {
  const asked: unknown[] = [];
  const clock = { ms: 0 };
  const answer: { next: () => Promise<AuthenticatedUser | null> } = { next: async () => userOf("ann") };
  const login: Login = (attempt) => {
    asked.push(attempt.headers);
    return answer.next();
  };
  const remembered = rememberLogins(login, { headers, ttlMs: 1000, maxSize, now: () => clock.ms });
  const enter = (sent: LoginAttempt["headers"]) =>
    remembered({ headers: sent, toRequest: () => new Request("http://x") });
  return { asked, clock, answer, enter };
}

test("a caller is asked once, until the time is over", async () => {
  const { asked, clock, enter } = setUp();

  await enter({ authorization: "a" });
  clock.ms = 999;
  await expect(enter({ authorization: "a", "x-other": "1" })).resolves.toMatchObject({ identity: "ann" });
  expect(asked).toHaveLength(1);

  clock.ms = 1000;
  await enter({ authorization: "a" });
  expect(asked).toHaveLength(2);
});

test("callers are told apart by every header", async () => {
  const { asked, enter } = setUp({ headers: ["authorization", "x-org"] });

  await enter({ authorization: "a", "x-org": "1" });
  await enter({ authorization: "a", "x-org": "2" });
  await enter({ authorization: "a" });
  await enter({ "x-org": "1" });

  expect(asked).toHaveLength(4);
});

test("a caller with none of the headers is asked each time: it could be anybody", async () => {
  const { asked, enter } = setUp();

  await enter({ "x-api-key": "ann's" });
  await enter({ "x-api-key": "bob's" });

  expect(asked).toHaveLength(2);
});

test("a failure is not remembered", async () => {
  const { answer, enter } = setUp();
  answer.next = () => Promise.reject(new Error("no"));
  await expect(enter({ authorization: "a" })).rejects.toThrow("no");

  answer.next = async () => userOf("ann");
  await expect(enter({ authorization: "a" })).resolves.toMatchObject({ identity: "ann" });
});

test("the oldest are forgotten when there are too many", async () => {
  const { asked, enter } = setUp({ maxSize: 2 });

  for (const authorization of ["a", "b", "c"]) await enter({ authorization });
  await enter({ authorization: "c" });
  expect(asked).toHaveLength(3);
  await enter({ authorization: "a" });
  expect(asked).toHaveLength(4);
});
