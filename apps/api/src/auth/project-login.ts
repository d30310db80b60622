import { inTime, refusalOf, STUDIO_USER, userOf } from "@graphfleet/domain";
import type { Login } from "./authenticate.js";

export interface ProjectLoginParts {
  readonly authenticate: (request: Request) => unknown;
  /** Whether LangGraph Studio comes in without a login. Anybody can say to be it, so never where strangers are. */
  readonly studio: boolean;
  /** How long `authenticate` may take. */
  readonly timeoutMs: number;
}

/** Asks the project's own `authenticate`. */
export function projectLogin({ authenticate, studio, timeoutMs }: ProjectLoginParts): Login {
  return async ({ headers, toRequest }) => {
    if (studio && headers["x-auth-scheme"] === "langsmith") return STUDIO_USER;
    return userOf(await answerTo(toRequest()));
  };

  async function answerTo(request: Request): Promise<unknown> {
    try {
      return await inTime("authenticate", timeoutMs, authenticate(request));
    } catch (error) {
      throw refusalOf(error) ?? error;
    }
  }
}
