import { api } from "@v6meter/schemas";
import { afterAll, describe, expect, test } from "vitest";
import { get, KEY, testService, unreachableStore } from "./province.test-data.ts";

// No request here may reach the store.
const service = testService(unreachableStore);
afterAll(() => service.stop());

describe("a wrong parameter is a 400 that names it, what was found and what is allowed", () => {
  test.each([
    ["/api/v1/traffic/share", "regoin=210100", "regoin", '"210100"', /only the parameters from, to, day, month, by/],
    ["/api/v1/traffic/share", "by=country", "by", '"country"', /one of region, operator, access, direction/],
    ["/api/v1/traffic/share", "by=region,", "by", '""', /one of region/],
    ["/api/v1/traffic/share", "interval=2h", "interval", '"2h"', /one of 5m, 1h, 1d, 1mo/],
    ["/api/v1/traffic/share", "interval=1h&interval=1d", "interval", '["1h","1d"]', /one of 5m/],
    ["/api/v1/traffic/share", "access=wifi", "access", '"wifi"', /one of unknown, mobile, fixed/],
    ["/api/v1/traffic/share", "direction=in", "direction", '"in"', /one of unknown, up, down/],
    ["/api/v1/traffic/share", "technology=ipv6", "technology", '"ipv6"', /one of .*native/],
    ["/api/v1/traffic/share", "observation_point=home", "observation_point", '"home"', /one of .*backbone/],
    ["/api/v1/traffic/share", "region=210100,210200", "region", '"210100,210200"', /repeat the parameter/],
    ["/api/v1/traffic/share", "operator=%27%20OR%201", "operator", '"\' OR 1"', /letters, digits/],
    ["/api/v1/traffic/share", "exporter=router1", "exporter", '"router1"', /an IPv4 or IPv6 address/],
    ["/api/v1/traffic/share", "exporter=1.2.3.4&exporter=1.2.3", "exporter", '"1.2.3"', /an IPv4 or IPv6 address/],
    ["/api/v1/traffic/share", "from=yesterday", "from", '"yesterday"', /ISO 8601/],
    ["/api/v1/traffic/share", "from=2026-11-24T00:00:00", "from", '"2026-11-24T00:00:00"', /with an offset/],
    ["/api/v1/traffic/share", "from=2026-02-30T00:00:00Z", "from", '"2026-02-30T00:00:00Z"', /ISO 8601/],
    ["/api/v1/traffic/share", "from=1969-01-01T00:00:00Z", "from", '"1969-01-01T00:00:00Z"', /between 2000 and 2100/],
    [
      "/api/v1/traffic/share",
      "from=2026-11-24T00:00:00Z&to=2026-11-24T00:00:00Z",
      "to",
      '"2026-11-24T00:00:00Z"',
      /after from/,
    ],
    ["/api/v1/traffic/share", "to=2026-11-24T00:00:00Z", "from", null, /needed where to is given/],
    ["/api/v1/traffic/share", "from=2998-01-01T00:00:00Z", "from", '"2998-01-01T00:00:00Z"', /between 2000 and 2100/],
    ["/api/v1/traffic/share", "day=2026-02-29", "day", '"2026-02-29"', /a day such as/],
    ["/api/v1/traffic/share", "day=20261124", "day", '"20261124"', /a day such as/],
    ["/api/v1/traffic/share", "month=2026-13", "month", '"2026-13"', /a month such as/],
    ["/api/v1/traffic/share", "day=2026-11-24&month=2026-11", "month", '"2026-11"', /either day or month/],
    [
      "/api/v1/traffic/share",
      "day=2026-11-24&from=2026-11-24T00:00:00Z",
      "from",
      '"2026-11-24T00:00:00Z"',
      /either day or from and to/,
    ],
    ["/api/v1/ledger", "stage=parse", "stage", '"parse"', /one of receive, decode, publish, classify, write/],
    ["/api/v1/ledger", "day=today", "day", '"today"', /a day such as/],
    ["/api/v1/ledger", "limit=10", "limit", '"10"', /only the parameters/],
    ["/api/v1/exporters", "exporter=::g", "exporter", '"::g"', /an IPv4 or IPv6 address/],
    ["/api/v1/exporters", "__proto__=1", "__proto__", '"1"', /only the parameters exporter/],
  ] as const)("%s?%s", async (path, query, parameter, found, allowed) => {
    const { status, headers, body } = await get(service, `${path}?${query}`);
    expect(status, JSON.stringify(body)).toBe(400);
    expect(headers["content-type"]).toBe("application/problem+json");
    const problem = api.problem.parse(body);
    expect(problem.code).toBe("QUERY_INVALID");
    expect(problem.errors?.[0]).toMatchObject({ parameter, found });
    expect(problem.errors?.[0]?.allowed).toMatch(allowed);
    expect(problem.detail).toContain(`${parameter}: found ${found ?? "nothing"}; allowed: `);
  });

  test("a from that lies after now, without to", async () => {
    const { status, body } = await get(service, "/api/v1/traffic/share?from=2099-01-01T00:00:00Z");
    expect(status).toBe(400);
    expect(body.detail).toMatch(/^from: found "2099-01-01T00:00:00Z", which is after now/);
  });

  test("all that is wrong is told at once", async () => {
    const { body } = await get(service, "/api/v1/traffic/share?by=x&interval=y&z=1");
    expect(body.errors.map((error: api.ParameterProblem) => error.parameter).sort()).toEqual(["by", "interval", "z"]);
  });

  test("what is wrong is told once", async () => {
    const { body } = await get(service, "/api/v1/traffic/share?from=yesterday&to=today");
    expect(body.errors.map((error: api.ParameterProblem) => error.parameter)).toEqual(["from", "to"]);
  });

  test("what was found is cut where it is long", async () => {
    const { body } = await get(service, `/api/v1/traffic/share?day=${"9".repeat(5_000)}`);
    expect(body.detail.length).toBeLessThan(400);
  });
});

describe("a wrong body is a 4xx that says why", () => {
  test.each([
    {
      says: "an unknown member",
      payload: '{"query":"SELECT 1","format":"CSV"}',
      status: 400,
      detail: /format: found "CSV"; allowed: only the members query/,
    },
    {
      says: "a missing query",
      payload: "{}",
      status: 400,
      detail: /query: found nothing; allowed: one SELECT statement/,
    },
    {
      says: "an empty query",
      payload: '{"query":" "}',
      status: 400,
      detail: /query: found " "; allowed: one SELECT statement/,
    },
    {
      says: "a query that is not text",
      payload: '{"query":1}',
      status: 400,
      detail: /query: found 1; allowed: one SELECT/,
    },
    { says: "no object", payload: "[]", status: 400, detail: /body: found \[\]/ },
    { says: "no JSON", payload: "SELECT 1", status: 400, detail: /JSON/ },
    { says: "a body of another type", payload: "SELECT 1", type: "text/plain", status: 415, detail: /Media Type/ },
    {
      says: "a body that is too long",
      payload: `{"query":"${" ".repeat(1_100_000)}"}`,
      status: 413,
      detail: /too large/,
    },
  ])("$says", async ({ payload, status, detail, type = "application/json" }) => {
    const answer = await service.app.inject({
      method: "POST",
      url: "/api/v1/sql",
      headers: { authorization: `Bearer ${KEY}`, "content-type": type },
      payload,
    });
    expect(answer.statusCode, answer.body).toBe(status);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(answer.json().code).toBe("QUERY_INVALID");
    expect(answer.json().detail).toMatch(detail);
  });
});

describe("problems", () => {
  test("an unknown address is a 404 problem", async () => {
    const { status, headers, body } = await get(service, "/api/v1/trafic/share?x=1");
    expect(status).toBe(404);
    expect(headers["content-type"]).toBe("application/problem+json");
    expect(body).toEqual({
      type: "urn:v6meter:fault:NOT_FOUND",
      title: "There is no such thing at this address.",
      status: 404,
      code: "NOT_FOUND",
      detail: "GET /api/v1/trafic/share is not an address of this API; all are listed at /openapi.json.",
    });
  });

  test("an address that cannot be decoded is a 400 problem", async () => {
    const { status, headers, body } = await get(service, "/api/%zz");
    expect(status).toBe(400);
    expect(headers["content-type"]).toBe("application/problem+json");
    expect(body.code).toBe("QUERY_INVALID");
  });

  test.each([
    ["zh", true],
    ["zh-CN,zh;q=0.9,en;q=0.8", true],
    ["en;q=0.8, ZH-Hans", true],
    ["en-US,en;q=0.9,zh;q=0.8", false],
    ["fr", false],
    ["zh;q=0", false],
    ["", false],
  ])("Accept-Language %j: the title is Chinese: %s", async (language, chinese) => {
    const { body } = await get(service, "/nowhere", { "accept-language": language });
    expect(body.title).toBe(chinese ? "该地址不存在。" : "There is no such thing at this address.");
  });

  test("what went wrong inside stays inside", async () => {
    const { status, body } = await get(service, "/api/v1/ledger");
    expect(status).toBe(500);
    expect(body).toEqual({
      type: "urn:v6meter:fault:INTERNAL",
      title: "Something went wrong that is not the caller's fault.",
      status: 500,
      code: "INTERNAL",
      detail: "Something went wrong that is not the caller's fault.",
    });
  });
});
