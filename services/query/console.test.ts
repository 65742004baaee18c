import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testService, unreachableStore } from "./province.test-data.ts";

const SCRIPT = "console.log('a page');".repeat(50);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-pages-"));
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>pages</title>");
  writeFileSync(join(folder, "preview.html"), "<!doctype html><title>preview</title>");
  writeFileSync(join(folder, "assets", "page-1a2b.js"), SCRIPT);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the console's files", () => {
  const asked = async (url: string, headers: Record<string, string> = {}) => {
    const service = testService(unreachableStore, { pages: folder });
    const answer = await service.app.inject({ url, headers });
    await service.stop();
    return answer;
  };

  test("/ leads to the page, and every address below it is the page, which is asked for anew", async () => {
    expect((await asked("/")).headers.location).toBe("/console/");
    for (const url of ["/console/", "/console/traffic?by=region"]) {
      const page = await asked(url);
      expect(page.body).toContain("<title>pages</title>");
      expect(page.headers["cache-control"]).toBe("no-cache");
    }
  });

  test("hashed files are kept for good, compressed where that is understood", async () => {
    const plain = await asked("/console/assets/page-1a2b.js");
    expect(plain.body).toBe(SCRIPT);
    expect(plain.headers["cache-control"]).toContain("immutable");
    expect(plain.headers["content-type"]).toContain("text/javascript");
    const small = await asked("/console/assets/page-1a2b.js", { "accept-encoding": "gzip" });
    expect(gunzipSync(small.rawPayload).toString()).toBe(SCRIPT);
    expect(small.rawPayload.length).toBeLessThan(SCRIPT.length);
  });

  test("the policy allows no script or style but files of its own", async () => {
    const policy = (await asked("/console/")).headers["content-security-policy"] as string;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  test("the page of previews may be framed by the console, holds styles, and runs no script", async () => {
    const { headers } = await asked("/console/preview.html");
    const policy = headers["content-security-policy"] as string;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'self'");
    expect(policy).toMatch(/sandbox allow-same-origin$/);
    expect(policy).not.toMatch(/script-src|https?:|\*/);
    expect(headers["x-frame-options"]).toBe("SAMEORIGIN");
    expect((await asked("/console/")).headers["x-frame-options"]).toBe("DENY");
  });

  test.each(["/console/assets/other.js", "/console/assets/..%2f..%2fpackage.json"])(
    "%s is no file of the build",
    async (url) => {
      expect((await asked(url)).statusCode).toBe(404);
    },
  );
});

test("where the pages are not built, / says so, and the API answers", async () => {
  for (const pages of [undefined, join(folder, "nowhere")]) {
    const service = testService(unreachableStore, pages === undefined ? {} : { pages });
    const answer = await service.app.inject({ url: "/" });
    expect(answer.statusCode).toBe(200);
    expect(answer.body).toMatch(/^The console is not built: .*\n$/);
    expect((await service.app.inject({ url: "/healthz" })).statusCode).toBe(200);
    await service.stop();
  }
});
