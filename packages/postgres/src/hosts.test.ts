import { Hosts } from "./hosts.js";

test("takes a connection string with several hosts apart", () => {
  const hosts = new Hosts("postgresql://me:p%40ss@a:1,b:2/db?application_name=x&target_session_attrs=read-write");

  expect(hosts.uris).toEqual([
    "postgresql://me:p%40ss@a:1/db?application_name=x",
    "postgresql://me:p%40ss@b:2/db?application_name=x",
  ]);
  expect(hosts.attrs).toBe("read-write");
});

test.each(["postgres://localhost/db", "postgresql://me@[::1]:5433/db?options=-c%20x%3D1", "/var/run/postgresql db"])(
  "leaves %s as it is",
  (uri) => {
    expect(new Hosts(uri).uris).toEqual([uri]);
  },
);

test("reads sslmode as libpq does", () => {
  expect(new Hosts("postgres://a/db?sslmode=require").uris).toEqual([
    "postgres://a/db?sslmode=require&uselibpqcompat=true",
  ]);
});

test("refuses what it cannot keep, without telling the password", () => {
  const open = () => new Hosts("postgres://me:secret@a,b/db?target_session_attrs=standby");
  expect(open).toThrow("target_session_attrs=standby is not supported; use any or read-write");
});

test("goes round, and only on when the one that failed is still the current one", () => {
  const hosts = new Hosts("postgres://a,b/db");
  const [a = "", b = ""] = hosts.uris;

  hosts.moveOn(a);
  hosts.moveOn(a);
  expect(hosts.current).toBe(b);
  hosts.moveOn(b);
  expect(hosts.current).toBe(a);
});
