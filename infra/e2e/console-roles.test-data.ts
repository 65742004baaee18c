import type { api } from "@v6meter/schemas";
import { expect, test } from "vitest";
import type { ConsoleSetting } from "./console-setting.test-data.ts";

/** What each role's pages are, and what of them says that it is not for it. */
const ROLES = {
  regulator: { pages: ["overview", "traffic", "users", "exporters"], closed: [] },
  analyst: { pages: ["overview", "traffic", "users", "exporters"], closed: ["exporters"] },
  operator: { pages: ["overview", "traffic", "users", "exporters"], closed: [] },
} as const;

/** Each role opens each page in a browser: nothing is broken, nothing is asked that is refused, and what is closed says so. */
export function testRoles({ platform, page, open, settle, signIn, watched, questionOf }: ConsoleSetting): void {
  const give = async (name: string, role: string, operator?: string): Promise<string> => {
    const made = await fetch(`${platform().http}/api/v1/keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${platform().key}`, "content-type": "application/json" },
      body: JSON.stringify({ name, role, ...(operator && { operator }) }),
    });
    expect(made.status).toBe(201);
    return ((await made.json()) as api.MadeKey).key;
  };

  test.each(Object.entries(ROLES))(
    "the %s sees its pages whole, and is told what is closed to it",
    async (role, its) => {
      const key = await give(`a-${role}`, role, role === "operator" ? "telecom" : undefined);
      await open("overview", key);
      for (const name of its.pages) {
        await page().locator(`nav a[href$="/${name}"]`).click();
        await page().locator(`nav a.router-link-active[href$="/${name}"]`).waitFor();
        await settle();
        expect(await page().locator(".state-error").allInnerTexts(), name).toEqual([]);
        if (name === "traffic" && role === "operator") {
          const question = `${platform().http}${await questionOf("flow")}`;
          const answer = await fetch(question, { headers: { authorization: `Bearer ${key}` } });
          const { rows } = (await answer.json()) as api.TrafficShare;
          expect([...new Set(rows.map(({ operator }) => operator))]).toEqual(["telecom"]);
        }
        if (name === "exporters") expect(await page().locator("[data-closed]").count()).toBe(its.closed.length);
      }
      // The browser notes every answer of 4xx: there was none.
      expect(watched().complaints).toEqual([]);
    },
  );

  test("the public, which has no pages, is told so when it signs in", async () => {
    const key = await give("a-public", "public");
    await page().goto(`${platform().http}/console/overview`);
    await signIn(key);
    await page().getByText("公众角色没有页面").waitFor();
    expect(await page().evaluate("sessionStorage.length")).toBe(0);
    // The browser itself notes the answer 403.
    expect(watched().complaints.filter((it) => !it.includes("403"))).toEqual([]);
    watched().complaints.length = 0;
  });
}
