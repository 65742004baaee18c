import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuditLog, identitiesOf, KeyRing, readAudit } from "@v6meter/identity";
import { api, Fault } from "@v6meter/schemas";
import { afterEach, beforeEach, expect, test } from "vitest";
import { KEY, testService, unreachableStore } from "./province.test-data.ts";

const REFUSAL: api.RegistryState = {
  folder: "/etc/v6meter/registry",
  version: "0123456789ab",
  since: "2026-11-24T08:00:00+08:00",
  entries: { regions: 15, operators: 4, prefixes: 30, exporters: 2 },
  refused: {
    since: "2026-11-24T09:00:00+08:00",
    problems: [{ file: "exporters.yaml", line: 3, problem: "operator: found 7; allowed is text" }],
    more: 0,
  },
};

let folder: string;
let keys: KeyRing;
let service: ReturnType<typeof testService>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-api-keys-"));
  keys = new KeyRing(folder);
  service = testService(unreachableStore, {
    identities: identitiesOf({ adminKey: KEY, keys }),
    keys,
    audit: new AuditLog({ folder: join(folder, "audit"), fileMaxBytes: 1_000_000 }),
    readAudit: (question) => readAudit(join(folder, "audit"), question),
    registryState: () => REFUSAL,
  });
});
afterEach(async () => {
  await service.stop();
  rmSync(folder, { recursive: true });
});

async function send(key: string, method: "GET" | "POST" | "DELETE", path: string, payload?: object) {
  const headers = { authorization: `Bearer ${key}` };
  const answer = await service.app.inject({ method, url: `/api/v1${path}`, headers, ...(payload && { payload }) });
  return { status: answer.statusCode, headers: answer.headers, body: answer.body, json: () => answer.json() };
}
const make = async (wanted: object, key = KEY): Promise<api.MadeKey> => {
  const answer = await send(key, "POST", "/keys", wanted);
  expect(answer.status, answer.body).toBe(201);
  return api.madeKey.parse(answer.json());
};
const entries = async (query = ""): Promise<api.AuditEntries["entries"]> => {
  const answer = await send(KEY, "GET", `/audit${query}`);
  expect(answer.status, answer.body).toBe(200);
  return api.audit.parse(answer.json()).entries;
};
const onDisk = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((it) => it.isFile() && /json/.test(it.name))
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), "utf8"))
    .join("\n");

test("a key that was made opens what its role does until it is revoked, then 401", async () => {
  const made = await make({ name: "office", role: "regulator", days: 30 });
  expect(Date.parse(made.expires_at as string) - Date.parse(made.created_at)).toBe(30 * 86_400_000);
  expect((await send(made.key, "GET", "/identity")).json()).toMatchObject({ name: "office", role: "regulator" });
  expect((await send(made.key, "GET", "/keys")).status).toBe(403);
  const revoked = await send(KEY, "DELETE", "/keys/office");
  expect(revoked.status, revoked.body).toBe(200);
  expect((await send(made.key, "GET", "/identity")).status).toBe(401);
  expect((await send(KEY, "GET", "/keys")).json()).toEqual({ keys: [] });
  expect((await send(KEY, "DELETE", "/keys/office")).status).toBe(404);
});

test("the secret is in the one answer that made it, and nowhere else", async () => {
  const answer = await send(KEY, "POST", "/keys", { name: "li", role: "analyst" });
  const { key } = answer.json();
  expect(key).toMatch(/^v6m_[\w-]{43}$/);
  expect(answer.headers["cache-control"]).toBe("no-store");
  const list = await send(key, "GET", "/identity");
  const told = [list.body, (await send(KEY, "GET", "/keys")).body, (await send(KEY, "GET", "/audit")).body, onDisk()];
  expect(told[1]).toContain('"li"');
  expect(told[3]).toContain("key.create");
  for (const text of told) expect(text).not.toContain(key.slice(4, 20));
  expect(told.slice(0, 3).join(), "nor is its hash told").not.toMatch(/[0-9a-f]{64}/);
});

test("the log tells who made and who revoked a key, from where, and what it was to be", async () => {
  const { key } = await make({ name: "second", role: "administrator" });
  await make({ name: "telecom", role: "operator", operator: "telecom", days: null }, key);
  expect((await send(KEY, "DELETE", "/keys/telecom")).status).toBe(200);
  const found = await entries("?limit=4");
  expect(found.map(({ action, outcome, actor }) => `${actor.name} ${action} ${outcome}`)).toEqual([
    "admin key.revoke done",
    "admin key.revoke started",
    "second key.create done",
    "second key.create started",
  ]);
  expect(found[3]).toMatchObject({
    from: "127.0.0.1",
    detail: { name: "telecom", role: "operator", operator: "telecom", raw: false, days: null },
  });
  const { length } = await entries("?actor=second&action=key.create&action=key.revoke");
  expect(length).toBe(2);
});

test("a key without raw makes none that has it; one that has it may", async () => {
  const { key } = await make({ name: "plain", role: "administrator" });
  const refused = await send(key, "POST", "/keys", { name: "more", role: "administrator", raw: true });
  expect(refused.status).toBe(403);
  expect(refused.json().detail).toContain("raw: found true");
  expect(keys.list().map(({ name }) => name)).toEqual(["plain"]);
  expect(await make({ name: "more", role: "administrator", raw: true })).toMatchObject({ raw: true });
});

test("the key that asks does not revoke itself", async () => {
  const { key } = await make({ name: "self", role: "administrator" });
  expect((await send(key, "DELETE", "/keys/self")).json()).toMatchObject({ status: 409, code: "KEY_CONFLICT" });
  expect((await send(key, "GET", "/keys")).status).toBe(200);
  expect(await entries("?action=key.revoke")).toEqual([]);
});

test.each([
  [{ name: "Ä", role: "analyst" }, 400],
  [{ name: "a", role: "boss" }, 400],
  [{ name: "a", role: "operator" }, 400],
  [{ name: "a", role: "analyst", operator: "mobile" }, 400],
  [{ name: "a", role: "analyst", raw: true }, 400],
  [{ name: "a", role: "analyst", days: 0 }, 400],
  [{ name: "a", role: "analyst", days: 36_501 }, 400],
  [{ name: "a", role: "analyst", more: 1 }, 400],
  [{ name: "admin", role: "analyst" }, 409],
  [{ name: "taken", role: "analyst" }, 409],
])("%j is refused with %i and makes no key", async (wanted, status) => {
  await make({ name: "taken", role: "public" });
  expect((await send(KEY, "POST", "/keys", wanted)).status).toBe(status);
  expect(keys.list().map(({ name }) => name)).toEqual(["taken"]);
});

test("a change that cannot be written down is not made", async () => {
  const closed = testService(unreachableStore, {
    keys,
    audit: { append: () => Promise.reject(new Fault("AUDIT_UNWRITABLE")) },
  });
  const headers = { authorization: `Bearer ${KEY}` };
  const payload = { name: "unseen", role: "public" };
  const answer = await closed.app.inject({ method: "POST", url: "/api/v1/keys", headers, payload });
  expect(answer.statusCode).toBe(503);
  expect(keys.list()).toEqual([]);
  await closed.stop();
});

test("the log is paged, and a page that is none is refused", async () => {
  for (const name of ["a", "b", "c"]) await make({ name, role: "public" });
  const seen: number[] = [];
  for (let next: string | null = ""; next !== null; ) {
    const answer = await send(KEY, "GET", `/audit?limit=4${next === "" ? "" : `&page=${next}`}`);
    const page = api.audit.parse(answer.json());
    seen.push(...page.entries.map(({ seq }) => seq));
    next = page.next;
  }
  expect(seen).toEqual([6, 5, 4, 3, 2, 1]);
  for (const query of [
    "page=x",
    "limit=0",
    "action=none",
    "from=2026-11-24",
    "from=2026-11-24T00:00:00Z&to=2026-11-23T00:00:00Z",
    "who=li",
  ]) {
    expect((await send(KEY, "GET", `/audit?${query}`)).status, query).toBe(400);
  }
});

test("what is wrong with the registry's files is told to administrators, by file and line", async () => {
  expect((await send(KEY, "GET", "/registry/state")).json()).toEqual(REFUSAL);
  const { key } = await make({ name: "office", role: "regulator" });
  expect((await send(key, "GET", "/registry/state")).status).toBe(403);
});
