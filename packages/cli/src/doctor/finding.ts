/** One thing that was looked at. */
export interface Finding {
  readonly check: string;
  /** `fail`: the fleet cannot work like this. `warn`: it can, and somebody should know. */
  readonly level: "ok" | "warn" | "fail";
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string;
}

export const ok = (check: string, message: string): Finding => ({ check, level: "ok", message });
export const warn = (check: string, message: string, fix: string): Finding => ({ check, level: "warn", message, fix });
export const fail = (check: string, message: string, fix: string): Finding => ({ check, level: "fail", message, fix });
