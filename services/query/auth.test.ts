import { connect } from "node:net";
import { accessConfig, Fault, ROUTE_ACCESS } from "@v6meter/schemas";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KEY, testService, unreachableStore } from "./province.test-data.ts";

const logged: string[] = [];
const service = testService(unreachableStore, {
  access: accessConfig.parse({ requests_per_minute: 1_000_000, failed_logins_per_minute: 1_000_000 }),
  logger: pino({ level: "trace" }, { write: (line: string) => logged.push(line) }),
});
const routes: { method: string; url: string }[] = [];

beforeAll(async () => {
  service.app.addHook("onRoute", ({ method, url }) => {
    for (const one of [method].flat()) routes.push({ method: one, url });
  });
  await service.app.ready();
});
afterAll(() => service.stop());

/** Open to everybody: health, documentation, and the console's pages, which hold no figure until they have a key. */
const OPEN = /^\/(?:healthz|readyz|openapi\.json|docs(?:\/.*)?|console\/.*)?$/;

function ask(method: string, url: string, authorization?: string) {
  return service.app.inject({
    method: method as "GET",
    url: url.replace("*", "index.css"),
    headers: authorization === undefined ? {} : { authorization },
  });
}

test("every route that is registered is in the table of routes and roles, and every entry there is a route", () => {
  const served = routes.filter(({ method }) => method !== "HEAD").map(({ method, url }) => `${method} ${url}`);
  expect([...new Set([...served, "GET /docs/"])].sort()).toEqual(Object.keys(ROUTE_ACCESS).sort());
});

test("open are health, documentation and the console's pages, nothing else", () => {
  const open = Object.keys(ROUTE_ACCESS).filter((route) => ROUTE_ACCESS[route] === "open");
  expect(open.filter((route) => !OPEN.test(route.slice("GET ".length)))).toEqual([]);
  expect(open.length).toBeGreaterThan(5);
});

test("a route without an entry stops the start", async () => {
  const other = testService(unreachableStore);
  const late = other.app.register(async (scope) => {
    scope.get("/api/v1/forgotten", async () => "data");
  });
  await expect(late).rejects.toThrow("GET /api/v1/forgotten: no entry in ROUTE_ACCESS");
  await expect(other.start()).rejects.toThrow("no entry in ROUTE_ACCESS");
  await other.stop().catch(() => {});
});

test("every route but health, documentation and pages asks for the key, and unknown addresses do", async () => {
  const unknown = ["/console2", "/api", "/docs2", "/healthz2", "/api/v1/sql/", "//docs/../metrics"].map((url) => ({
    method: "GET",
    url,
  }));
  const wrong = [
    undefined,
    "",
    "Bearer",
    "Bearer ",
    `Bearer ${KEY.slice(0, -1)}`,
    `Bearer ${KEY}x`,
    `Basic ${KEY}`,
    KEY,
  ];
  for (const { method, url } of [...routes.filter(({ url }) => !OPEN.test(url)), ...unknown]) {
    for (const authorization of wrong) {
      const answer = await ask(method, url, authorization);
      expect(answer.statusCode, `${method} ${url} with ${authorization}`).toBe(401);
      expect(answer.headers["content-type"]).toBe("application/problem+json");
      expect(answer.headers["www-authenticate"]).toMatch(/^Bearer realm="v6meter"/);
      if (method !== "HEAD") expect(answer.json().code).toBe("UNAUTHORIZED");
    }
    for (const authorization of [`Bearer ${KEY}`, `bearer ${KEY}`]) {
      expect((await ask(method, url, authorization)).statusCode, `${method} ${url}`).not.toBe(401);
    }
  }
});

test("health, documentation and pages answer without a key", async () => {
  for (const { method, url } of routes.filter(({ url }) => OPEN.test(url))) {
    expect((await ask(method, url)).statusCode, `${method} ${url}`).not.toBe(401);
  }
});

test("every answer has the security headers, refusals and errors among them", async () => {
  for (const [url, authorization] of [
    ["/healthz", undefined],
    ["/metrics", undefined],
    ["/nowhere", `Bearer ${KEY}`],
    ["/api/v1/ledger", `Bearer ${KEY}`],
    ["/docs/", undefined],
  ] as const) {
    const { headers } = await ask("GET", url, authorization);
    expect(headers["x-content-type-options"], url).toBe("nosniff");
    expect(headers["content-security-policy"], url).toMatch(/default-src 'none'/);
    expect(headers["referrer-policy"], url).toBe("no-referrer");
    expect(headers["cache-control"], url).toBeDefined();
  }
});

test("the key is in no line of the log", () => {
  expect(logged.length).toBeGreaterThan(100);
  expect(logged.filter((line) => line.includes(KEY.slice(0, 20)))).toEqual([]);
});

describe("over HTTP", () => {
  test("start tells the port it listens on, and a taken address is a fault", async () => {
    const first = testService(unreachableStore);
    const { host, port } = await first.start();
    expect(host).toBe("127.0.0.1");
    expect(port).toBeGreaterThan(0);
    const answer = await fetch(`http://${host}:${port}/healthz`);
    expect(await answer.json()).toEqual({ status: "ok" });

    const { queryConfig } = await import("@v6meter/schemas");
    const second = testService(unreachableStore, { config: queryConfig.parse({ http: `${host}:${port}` }) });
    const fault = await second.start().catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(Fault);
    expect(fault).toMatchObject({ code: "ADDRESS_IN_USE" });
    expect((fault as Fault).message).toContain(`query.http: 127.0.0.1:${port}`);
    await Promise.all([first.stop(), second.stop()]);
  });

  test("what is not HTTP is answered with a problem, too", async () => {
    const service = testService(unreachableStore);
    const { host, port } = await service.start();
    const answer = await new Promise<string>((resolve, reject) => {
      let text = "";
      const socket = connect(port, host, () => socket.write("NETFLOW\r\n\r\n"));
      socket.on("data", (data) => {
        text += data.toString();
      });
      socket.on("close", () => resolve(text));
      socket.on("error", reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(/content-type: application\/problem\+json/i);
    await service.stop();
  });
});
