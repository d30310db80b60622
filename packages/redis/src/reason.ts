/**
 * What an error of the client says, and nothing else: ioredis hangs the command with its arguments on its errors, and
 * those are somebody's data, or our password.
 */
export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
