import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testService, unreachableStore } from "./province.test-data.ts";

const service = testService(unreachableStore);
const routes: { method: string; url: string }[] = [];

beforeAll(async () => {
  service.app.addHook("onRoute", ({ method, url }) => {
    for (const one of [method].flat()) routes.push({ method: one.toLowerCase(), url });
  });
  await service.app.ready();
});
afterAll(() => service.stop());

interface Description {
  openapi: string;
  paths: Record<string, Record<string, { summary?: string; parameters?: { name: string; description?: string }[] }>>;
}

async function description(): Promise<Description> {
  const answer = await service.app.inject({ url: "/openapi.json" });
  expect(answer.statusCode).toBe(200);
  return answer.json();
}

test("/openapi.json is valid OpenAPI 3.1", async () => {
  const document = await description();
  expect(document.openapi).toBe("3.1.0");
  expect(Object.keys(document.paths)).toHaveLength(42);
  const { valid, errors } = await new Validator().validate(document as never);
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
});

test("it lists every route but the pages of documentation and console, with a summary", async () => {
  const { paths } = await description();
  const described = Object.entries(paths).flatMap(([url, operations]) =>
    Object.entries(operations).map(([method, { summary }]) => {
      expect(summary, url).toBeTruthy();
      return `${method} ${url}`;
    }),
  );
  const served = routes.filter(({ method, url }) => method !== "head" && !/^\/(?:docs(?:\/|$)|console\/|$)/.test(url));
  expect(described.sort()).toEqual(
    [...new Set(served.map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, "{$1}")}`))].sort(),
  );
});

test("every parameter is described", async () => {
  const { paths } = await description();
  const parameters = paths["/api/v1/traffic/share"]?.get?.parameters ?? [];
  expect(parameters.map(({ name }) => name).sort()).toEqual(
    [
      ...["from", "to", "day", "month", "by", "interval", "snapshot"],
      ...["region", "operator", "access", "direction", "technology", "observation_point", "exporter"],
    ].sort(),
  );
  for (const { parameters = [] } of Object.values(paths).flatMap((operations) => Object.values(operations))) {
    for (const { name, description } of parameters) expect(description, name).toBeTruthy();
  }
});

test("/docs shows it with what this server serves: no address of another host in the page", async () => {
  const page = await service.app.inject({ url: "/docs" });
  expect(page.statusCode).toBe(200);
  expect(page.headers["content-type"]).toMatch(/^text\/html/);
  expect(page.body).not.toMatch(/(?:https?:)?\/\/[a-z]/i);
  const linked = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url as string);
  expect(linked.length).toBeGreaterThan(4);
  for (const url of linked) {
    const part = await service.app.inject({ url: new URL(url, "http://x/docs").pathname });
    expect(part.statusCode, url).toBe(200);
    if (url.endsWith(".css")) expect(part.body).not.toMatch(/url\(["']?(?:https?:)?\/\//);
  }
  const start = await service.app.inject({ url: "/docs/static/swagger-initializer.js" });
  expect(start.body).toContain("resolveUrl('./json')");
  expect(start.body).toContain("validatorUrl: null");
  // The rest is the browser's to hold: scripts, styles, images and requests of this server only.
  const policy = page.headers["content-security-policy"];
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("connect-src 'self'");
  expect(policy).not.toMatch(/https?:|\*|unsafe-eval/);
});
