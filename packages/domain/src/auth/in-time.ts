import { AuthRefusal } from "./refusal.js";

/**
 * What code of the project answers, if it does so in time. It cannot be stopped, only no longer be waited for.
 *
 * @param who what is asked, as the first words of a sentence
 * @throws AuthRefusal with status 504 when the time is over: nobody was allowed anything.
 */
export async function inTime<Answer>(
  who: string,
  timeoutMs: number,
  answer: Answer | PromiseLike<Answer>,
): Promise<Answer> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new AuthRefusal(504, `${who} did not answer within ${timeoutMs / 1000} seconds`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
