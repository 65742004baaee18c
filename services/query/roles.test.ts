import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identitiesOf, KeyRing, readAudit } from "@v6meter/identity";
import { accessConfig, Fault, ROLE_NAMES, ROUTE_ACCESS, type Role, STAGES } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  audited,
  insertExporters,
  insertFlows,
  insertLedger,
  KEY,
  openTestStore,
  testService,
  unreachableStore,
} from "./province.test-data.ts";

const DAY_MS = 86_400_000;
let folder: string;
let nowMs = Date.now();
let keys: KeyRing;
const keyOf = new Map<string, string>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-roles-"));
  keys = new KeyRing(folder, { now: () => nowMs });
  const make = async (name: string, role: Role, { raw = false, days = 9, operator = "mobile" } = {}) => {
    const { key } = await keys.create({ name, role, raw, days, operator: role === "operator" ? operator : null });
    keyOf.set(name, key);
  };
  for (const role of ROLE_NAMES) await make(role, role);
  await make("raw", "administrator", { raw: true });
  await make("telecom", "operator", { operator: "telecom" });
  await make("nowhere", "operator", { operator: "nowhere" });
  await make("short", "administrator", { days: 1 });
  await make("revoked", "administrator");
  await keys.revoke("revoked");
  nowMs += 1.5 * DAY_MS;
});
afterAll(() => rmSync(folder, { recursive: true }));

const identities = { identify: (secret: string) => identitiesOf({ adminKey: KEY, keys }).identify(secret) };
const bearer = (name: string) => ({ authorization: `Bearer ${keyOf.get(name)}` });
const addressOf = (url: string) =>
  url.replace(":id", "traffic_share").replace(":series", "home_router_share").replace("*", "index.css");

describe("every route and every role", () => {
  const routes: { method: string; url: string }[] = [];
  let service: ReturnType<typeof testService>;
  beforeAll(async () => {
    service = testService(unreachableStore, { identities, keys, readAudit: (question) => readAudit(folder, question) });
    service.app.addHook("onRoute", ({ method, url }) => {
      for (const one of [method].flat()) routes.push({ method: one, url });
    });
    await service.app.ready();
  });
  afterAll(() => service.stop());

  const ask = async ({ method, url }: { method: string; url: string }, headers: Record<string, string>) =>
    service.app.inject({
      method: method as "GET",
      url: addressOf(url),
      headers,
      ...(method === "POST" && { payload: { query: "SELECT 1" } }),
    });
  const access = ({ method, url }: { method: string; url: string }) =>
    ROUTE_ACCESS[`${method === "HEAD" ? "GET" : method} ${url}`];

  test.each(ROLE_NAMES)("%s is answered where the table says so, and refused everywhere else", async (role) => {
    let opened = 0;
    for (const route of routes) {
      const { statusCode } = await ask(route, bearer(role));
      const allowed = access(route) === "open" || access(route)?.includes(role);
      const where = `${route.method} ${route.url}: ${statusCode}`;
      if (allowed) expect([401, 403, 429], where).not.toContain(statusCode);
      else expect(statusCode, where).toBe(403);
      if (allowed) opened += 1;
    }
    expect(routes.length).toBeGreaterThan(30);
    expect(opened).toBeGreaterThan(0);
  });

  test.each([
    { says: "no key", headers: () => ({}) },
    { says: "a key nobody has", headers: () => ({ authorization: `Bearer v6m_${"x".repeat(43)}` }) },
    { says: "an expired key", headers: () => bearer("short") },
    { says: "a revoked key", headers: () => bearer("revoked") },
    { says: "a key in another scheme", headers: () => ({ authorization: `Basic ${keyOf.get("administrator")}` }) },
    { says: "a token while no issuer is set", headers: () => ({ authorization: "Bearer a.b.c" }) },
    { says: "the hash of a key", headers: () => ({ authorization: `Bearer ${hashOfFirst()}` }) },
  ])("$says opens nothing but what is open", async ({ headers }) => {
    for (const route of routes) {
      const { statusCode } = await ask(route, headers());
      const where = `${route.method} ${route.url}: ${statusCode}`;
      if (access(route) === "open") expect([401, 403, 429], where).not.toContain(statusCode);
      else expect([401, 429], where).toContain(statusCode);
    }
  });

  test("the public sees health, documentation, and of figures only indicators", () => {
    const seen = Object.keys(ROUTE_ACCESS).filter((route) => ROUTE_ACCESS[route]?.includes("public"));
    expect(seen).toEqual(["GET /api/v1/indicators", "GET /api/v1/indicators/:id"]);
  });
});

function hashOfFirst(): string {
  return /"sha256": "([0-9a-f]{64})"/.exec(readFileSync(keys.file, "utf8"))?.[1] ?? "";
}

describe("limits and what is written down", () => {
  const limited = async (access: object) => {
    const service = testService(unreachableStore, { identities, access: accessConfig.parse(access) });
    return { service, ask: (headers: object, from = "192.0.2.7") => get(service, headers, from) };
  };
  const get = (service: ReturnType<typeof testService>, headers: object, remoteAddress: string) =>
    service.app.inject({ url: "/api/v1/exporters", headers: { ...headers }, remoteAddress });

  test("a key that asks too often waits, others do not", async () => {
    const { service, ask } = await limited({ requests_per_minute: 2 });
    for (let i = 0; i < 2; i++) expect((await ask(bearer("regulator"))).statusCode).toBe(500);
    const refused = await ask(bearer("regulator"), "192.0.2.8");
    expect(refused.statusCode).toBe(429);
    expect(refused.json().code).toBe("TOO_MANY_REQUESTS");
    expect(Number(refused.headers["retry-after"])).toBeGreaterThanOrEqual(1);
    expect((await ask(bearer("administrator"))).statusCode).toBe(500);
    await service.stop();
  });

  test("an address that fails too often waits, but a right key there still opens, and so does another address", async () => {
    const { service, ask } = await limited({ failed_logins_per_minute: 3 });
    const wrong = { authorization: "Bearer wrong" };
    audited.length = 0;
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push((await ask(wrong)).statusCode);
    expect(statuses).toEqual([401, 401, 401, 429, 429, 429]);
    expect((await ask(bearer("regulator"))).statusCode).toBe(500);
    expect((await ask(wrong, "192.0.2.8")).statusCode).toBe(401);
    // The flood is written down once, not line by line.
    expect(audited.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      ...Array(3).fill("request.denied UNAUTHORIZED"),
      "request.limited TOO_MANY_REQUESTS",
      "request.denied UNAUTHORIZED",
    ]);
    await service.stop();
  });

  test("the addresses of one IPv6 subscriber count as one", async () => {
    const { service, ask } = await limited({ failed_logins_per_minute: 1 });
    const wrong = { authorization: "Bearer wrong" };
    expect((await ask(wrong, "2001:db8:1:1::1")).statusCode).toBe(401);
    expect((await ask(wrong, "2001:db8:1:1:ffff::2")).statusCode).toBe(429);
    expect((await ask(wrong, "2001:db8:1:2::1")).statusCode).toBe(401);
    await service.stop();
  });

  test("an issuer whose keys cannot be had is the server's trouble, and no failed login", async () => {
    const identify = async () => {
      throw new Fault("IDENTITY_UNREACHABLE", "https://id.example/certs does not answer");
    };
    const service = testService(unreachableStore, { identities: { identify } });
    audited.length = 0;
    const answer = await get(service, { authorization: "Bearer a.b.c" }, "192.0.2.7");
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({ code: "IDENTITY_UNREACHABLE" });
    expect(answer.body).not.toContain("id.example");
    expect(audited).toEqual([]);
    await service.stop();
  });

  test.each(["10.0.0.0/33", "proxy.example", "10.0.0.1/", "::/129", "10.0.0.1/8/8"])("%s is no proxy", (text) => {
    expect(accessConfig.safeParse({ trusted_proxies: [text] }).success).toBe(false);
  });

  test("a client behind a proxy is the proxy, unless that is trusted", async () => {
    for (const [trusted_proxies, seen] of [
      [[], "192.0.2.7"],
      [["192.0.2.0/24"], "198.51.100.1"],
    ] as const) {
      const { service, ask } = await limited({ trusted_proxies });
      audited.length = 0;
      await ask({ authorization: "Bearer wrong", "x-forwarded-for": "198.51.100.1" });
      expect(audited.map(({ from }) => from)).toEqual([seen]);
      await service.stop();
    }
  });

  test("a refusal names who, what and from where, and never the key", async () => {
    const { service } = await limited({});
    audited.length = 0;
    const { statusCode, headers } = await service.app.inject({
      url: "/api/v1/exporters?exporter=192.0.2.1",
      headers: bearer("analyst"),
      remoteAddress: "192.0.2.7",
    });
    expect(statusCode).toBe(403);
    expect(headers["www-authenticate"]).toContain("insufficient_scope");
    expect(audited).toEqual([
      {
        action: "request.denied",
        outcome: "FORBIDDEN",
        actor: { kind: "key", name: "analyst", role: "analyst", operator: null },
        from: "192.0.2.7",
        detail: { method: "GET", path: "/api/v1/exporters" },
      },
    ]);
    expect(JSON.stringify(audited)).not.toContain(keyOf.get("analyst")?.slice(4));
    await service.stop();
  });

  test("a file of keys that is broken refuses named keys", async () => {
    const { service, ask } = await limited({});
    const good = readFileSync(keys.file);
    writeFileSync(keys.file, "{");
    expect((await ask(bearer("regulator"))).statusCode).toBe(401);
    writeFileSync(keys.file, good);
    expect((await ask(bearer("regulator"))).statusCode).toBe(500);
    await service.stop();
  });
});

describe("an operator never gets another's row", () => {
  const MOBILE = { operator: "mobile", exporter: "192.0.2.1" };
  const TELECOM = { operator: "telecom", exporter: "198.51.100.1" };
  /** Figures nobody else's add up to. */
  const MARK = { mobile: "7070707", telecom: "9191919" };
  const at = new Date(Date.now() - 3_600_000).toISOString();
  let store: Store;
  let close: () => Promise<void>;
  let service: ReturnType<typeof testService>;

  beforeAll(async () => {
    ({ store, close } = await openTestStore());
    service = testService(store, {
      identities,
      ownerOf: (exporter) => [MOBILE, TELECOM].find((it) => it.exporter === exporter)?.operator ?? null,
    });
    for (const [i, its] of [MOBILE, TELECOM].entries()) {
      const bytes = Number(MARK[its.operator as "mobile"]);
      await insertFlows(store, [
        { at, ...its, bytes },
        ...Array.from({ length: 40 }, (_, j) => ({
          at,
          ...its,
          bytes: 0,
          flow_direction: "up",
          subscriber_method: "session",
          subscriber: BigInt(1 + i * 1_000 + j * 64),
          subscriber_prefix: BigInt(500_000 + i * 1_000 + j),
          active_family: 6 as const,
        })),
      ]);
      await insertLedger(store, [
        { at, exporter: its.exporter, stage: "receive", outcome: "expected", count: bytes },
        { at, exporter: its.exporter, stage: "decode", outcome: "received", count: bytes },
      ]);
      await insertExporters(store, [
        {
          exporter: its.exporter,
          version: 9,
          observation_domain: 0,
          source_port: 2055,
          first_seen_at_ms: Date.parse(at),
          last_seen_at_ms: Date.parse(at),
          templates: 1,
          options_templates: 0,
          sampling: [],
          sampling_source: "unknown",
          clock_offset_ms: 0,
          clock_off: false,
          interfaces: [],
          name: `${its.operator}-router`,
        },
      ]);
    }
    // A third one's exporter shows this operator's traffic, and nobody's register has it.
    await insertFlows(store, [{ at, operator: "mobile", exporter: "203.0.113.9", bytes: 1 }]);
  });
  afterAll(async () => {
    await service.stop();
    await close();
  });

  /** What is asked of each route that operators may ask. */
  const QUESTIONS: Readonly<Record<string, readonly string[]>> = {
    "GET /api/v1/traffic/share": ["", "?by=operator", "?by=region,operator,exporter", "?by=exporter&interval=1h"],
    "GET /api/v1/traffic/peers": ["", "?peers=1"],
    "GET /api/v1/traffic/interconnect": [""],
    "GET /api/v1/exporters": [""],
    "GET /api/v1/ledger": ["", `?stage=${Object.keys(STAGES)[0]}`],
    "GET /api/v1/users/active": ["", "?by=operator", "?by=region,operator,family"],
    "GET /api/v1/users/assigned": ["", "?by=operator"],
    "GET /api/v1/users/dual-stack": ["", "?by=operator"],
    "GET /api/v1/users/private-ipv4": ["", "?by=operator"],
    "GET /api/v1/users/home-routers": ["", "?by=operator"],
    "GET /api/v1/users/preference": ["", "?by=operator"],
    "GET /api/v1/users/retention": ["", "?by=operator"],
    "GET /api/v1/identity": [""],
    "GET /api/v1/registry": [""],
    "GET /api/v1/indicators": [""],
    "GET /api/v1/indicators/:id": ["", "?by=operator", "?by=region"],
    "GET /api/v1/objects/traffic": ["", "?by=kind"],
    "GET /api/v1/submissions": [""],
    "GET /api/v1/submissions/templates/:series": [""],
    // Asked in submissions.test.ts, of submissions that are there.
    "GET /api/v1/submissions/:id": [],
    "POST /api/v1/submissions": [],
    "POST /api/v1/submissions/:id/submit": [],
  };

  async function ask(name: string, route: string, query: string) {
    const url = addressOf(route.slice("GET ".length)) + query;
    const answer = await service.app.inject({
      url,
      headers: name === "admin" ? { authorization: `Bearer ${KEY}` } : bearer(name),
    });
    return { status: answer.statusCode, text: answer.body };
  }
  const cases = Object.entries(QUESTIONS).flatMap(([route, queries]) =>
    queries.map((query) => ({ says: route + query, route, query })),
  );

  test("every route that is open to operators is asked here", () => {
    const open = Object.keys(ROUTE_ACCESS).filter((route) => ROUTE_ACCESS[route]?.includes("operator"));
    expect(open.sort()).toEqual(Object.keys(QUESTIONS).sort());
  });

  test.each(cases)("$says has nothing of the other operator", async ({ route, query }) => {
    for (const [name, other] of [
      ["operator", TELECOM],
      ["telecom", MOBILE],
    ] as const) {
      const { status, text } = await ask(name, route, query);
      expect(status, text).toBe(200);
      // What operators are called is nobody's figure, and the catalogue's words name them as examples.
      if (!["GET /api/v1/indicators", "GET /api/v1/registry"].includes(route))
        expect(text).not.toContain(`"${other.operator}"`);
      expect(text).not.toContain(other.exporter);
      expect(text).not.toContain(`${other.operator}-router`);
      expect(text).not.toContain(MARK[other.operator as "mobile"]);
      expect(text).not.toContain(String(Number(MARK.mobile) + Number(MARK.telecom)));
      expect(text).not.toContain("203.0.113.9");
    }
  });

  test.each([
    "/api/v1/indicators/active_users",
    "/api/v1/indicators/export_loss",
    "/api/v1/indicators/traffic_share?by=exporter",
    "/api/v1/indicators/traffic_share?operator=mobile",
  ])("%s is not for the key of another operator", async (url) => {
    const { statusCode } = await service.app.inject({ url, headers: bearer("telecom") });
    expect(statusCode).toBe(403);
  });

  test("the figures are there: each operator sees its own, and the administrator both", async () => {
    const share = async (name: string) =>
      JSON.parse((await ask(name, "GET /api/v1/traffic/share", "?by=operator")).text);
    expect((await share("operator")).rows).toMatchObject([{ operator: "mobile", total_bytes: "7070708" }]);
    expect((await share("telecom")).total).toMatchObject({ total_bytes: MARK.telecom });
    expect((await share("admin")).rows).toHaveLength(2);
    expect((await share("nowhere")).rows).toEqual([]);
    const exporters = async (name: string) =>
      JSON.parse((await ask(name, "GET /api/v1/exporters", "")).text).exporters.map(
        (it: { exporter: string }) => it.exporter,
      );
    expect(await exporters("operator")).toEqual([MOBILE.exporter]);
    expect(await exporters("nowhere")).toEqual([]);
    expect(await exporters("admin")).toEqual(expect.arrayContaining([MOBILE.exporter, TELECOM.exporter]));
    const byExporter = JSON.parse((await ask("operator", "GET /api/v1/traffic/share", "?by=exporter")).text);
    expect(byExporter.rows).toMatchObject([{ exporter: MOBILE.exporter, total_bytes: MARK.mobile }]);
    const active = async (name: string) =>
      JSON.parse((await ask(name, "GET /api/v1/users/active", "?by=operator")).text);
    expect((await active("operator")).rows.map((row: { operator: string }) => row.operator)).toEqual(["mobile"]);
    expect((await active("admin")).rows).toHaveLength(2);
    const ledger = JSON.parse((await ask("operator", "GET /api/v1/ledger", "")).text);
    expect(ledger.total.sequence.expected).toBe(MARK.mobile);
    const nothing = JSON.parse((await ask("nowhere", "GET /api/v1/traffic/share", "?by=exporter")).text);
    expect(nothing.rows).toEqual([]);
  });

  test.each(cases)("$says is refused where it names the other", async ({ route, query }) => {
    const more = query === "" ? "?" : `${query}&`;
    for (const filter of ["operator=telecom", "operator=mobile&operator=telecom", `exporter=${TELECOM.exporter}`]) {
      const { status, text } = await ask("operator", route, more + filter);
      // A route without the parameter refuses it as unknown.
      expect([400, 403], `${filter}: ${text}`).toContain(status);
      if (route === "GET /api/v1/traffic/share") expect(status).toBe(403);
      expect(text).not.toContain(MARK.telecom);
    }
  });
});
