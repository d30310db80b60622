import { describeRedis, redisUri } from "@graphfleet/testkit";
import { inspectRedis } from "./inspect.js";

describeRedis("inspectRedis", () => {
  test("tells what the server is like", async () => {
    const [facts] = await inspectRedis({ uri: redisUri() });

    expect(facts).toMatchObject({ reachedAs: "standalone", isCluster: false });
    expect(facts?.version).toMatch(/^\d+\.\d+/);
    expect(facts?.isReplica).toBe(false);
    expect(facts?.evictionPolicy).toEqual(expect.any(String));
    expect(facts?.snapshots).toEqual(expect.any(String));
  });

  test("rejects with the reason, without the password", async () => {
    const uri = new URL(redisUri());
    uri.username = "nobody";
    uri.password = "not-the-password";

    const error = await inspectRedis({ uri: uri.href }).catch((error_: unknown) => error_);

    expect(String(error)).toMatch(/WRONGPASS|NOAUTH/);
    expect(String(error)).not.toContain("not-the-password");
    await expect(inspectRedis({ uri: "localhost:6379" })).rejects.toThrow("must begin with redis://");
  });
});
