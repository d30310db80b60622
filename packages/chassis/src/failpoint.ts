import { type Static, Type } from "@sinclair/typebox";

/** The variables of failpoints, for tests that kill a process between two writes; a process spreads them into its schema. */
export const FailpointEnv = {
  NODE_ENV: Type.Optional(Type.String({ description: "test allows failpoints" })),
  GRAPHFLEET_FAILPOINT: Type.Optional(
    Type.String({
      pattern: "^[a-z.-]+(:[1-9][0-9]*)?$",
      expected: "the name of a failpoint, and after a colon how often it is passed",
      description: "For tests: this process kills itself at the named point, name[:nth]; see failpoints.ts of the apps",
    }),
  ),
  GRAPHFLEET_ALLOW_FAILPOINTS: Type.Boolean({
    default: false,
    description: "true allows failpoints outside of tests",
  }),
};

/** Passes a point. Does not return when it is the one where the process has to die. */
/** A worker refuses it to graphs later, on whose behalf most points are passed. */
const kill = process.kill.bind(process);

export type Failpoint<Name extends string> = (name: Name) => void;

/**
 * The failpoint that the environment asks for, or null. Null also when the name is another process's, and when failpoints
 * are not allowed: then nothing has to be wired, and they cost nothing.
 *
 * Dying is a kill -9 from inside: no handler runs, nothing is flushed, sockets are cut by the kernel.
 */
export function armFailpoint<Name extends string>(
  env: Static<ReturnType<typeof Type.Object<typeof FailpointEnv>>>,
  names: readonly Name[],
  die: () => void = () => void kill(process.pid, "SIGKILL"),
): Failpoint<Name> | null {
  const isAllowed = env.NODE_ENV === "test" || env.GRAPHFLEET_ALLOW_FAILPOINTS;
  if (env.GRAPHFLEET_FAILPOINT === undefined || !isAllowed) return null;
  const [wanted, nth = "1"] = env.GRAPHFLEET_FAILPOINT.split(":");
  if (!names.some((name) => name === wanted)) return null;

  let left = Number(nth);
  return (name) => {
    if (name !== wanted) return;
    left -= 1;
    if (left === 0) die();
  };
}

type Resolved<Method> = Method extends (...args: never[]) => Promise<infer Result> ? Result : never;

/** What happens before methods of `T`, and after them with what they resolved to. `after` may put something in its place. */
export type Points<T extends object> = {
  readonly [Method in keyof T]?: {
    readonly before?: () => void;
    readonly after?: (result: Resolved<T[Method]>) => Resolved<T[Method]> | void;
  };
};

/** The same object, with points at some of its asynchronous methods. `after` is not passed when the method rejects. */
export function withPoints<T extends object>(target: T, points: Points<T>): T {
  return new Proxy(target, {
    get(object, property) {
      const value: unknown = Reflect.get(object, property, object);
      if (typeof value !== "function") return value;
      const point = points[property as keyof T];
      if (point === undefined) return value.bind(object) as unknown;
      return async (...args: unknown[]) => {
        point.before?.();
        // A proxy cannot know the types that its caller sees; `Points` has checked them.
        const result = (await Reflect.apply(value, object, args)) as never;
        return point.after?.(result) ?? result;
      };
    },
  });
}
