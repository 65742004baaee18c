import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { KeyRing } from "@v6meter/identity";
import { createLogger } from "@v6meter/runtime";
import { api, config } from "@v6meter/schemas";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { isLoopback, openAccess } from "./access.ts";
import { entryOfRegistry } from "./exporter-entry.ts";
import { ownerOfEntries, watchRegistryAnswers } from "./registry-answers.ts";

const root = mkdtempSync(join(tmpdir(), "v6meter-access-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(root, "data-"));
});
const logger = createLogger("silent", "test");

describe("an address that other machines reach", () => {
  async function listening(http: string, settings: object = {}) {
    await using parts = new AsyncDisposableStack();
    const access = await openAccess(parts, config.parse({ data_dir: folder, ...settings }), logger);
    return () => access.checkListens("query.http", http);
  }

  test.each(["127.0.0.1:8080", "127.9.9.9:1", "[::1]:8080", "localhost:8080"])("%s is not one", async (address) => {
    expect(isLoopback(address)).toBe(true);
    expect(await listening(address)).not.toThrow();
  });

  test.each([
    "0.0.0.0:8080",
    "[::]:8080",
    "192.0.2.1:8080",
    "[2001:db8::1]:80",
    "127.evil.example:80",
    "example.org:80",
  ])("%s is refused while the generated key is the only one", async (address) => {
    const check = await listening(address);
    expect(check).toThrow("query.http:");
    expect(check).toThrow(/admin\.key is the only key.*v6meter key create/);
  });

  test("is listened on once somebody has a key that opens something", async () => {
    const keys = new KeyRing(folder);
    const made = { name: "a", role: "regulator", operator: null, raw: false } as const;
    await new KeyRing(folder, { now: () => Date.now() - 9 * 86_400_000 }).create({ ...made, name: "old", days: 1 });
    expect(await listening("0.0.0.0:8080")).toThrow("only key");
    await keys.create({ ...made, days: 1 });
    expect(await listening("0.0.0.0:8080")).not.toThrow();
    await keys.revoke("a");
    expect(await listening("0.0.0.0:8080")).toThrow("only key");
  });

  test("is listened on where tokens of an issuer open it", async () => {
    const oidc = { issuer: "https://id.example/realm", jwks_url: "https://id.example/certs" };
    expect(await listening("0.0.0.0:8080", { access: { oidc } })).not.toThrow();
  });
});

describe("v6meter key and v6meter audit", () => {
  const program = resolve(import.meta.dirname, "main.ts");
  async function run(...args: string[]) {
    const all = [program, ...args, "--data", folder];
    const done = promisify(execFile)(process.execPath, all, { cwd: folder });
    return done.then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: { code: number; stdout: string; stderr: string }) => error,
    );
  }

  test("a key is shown once, listed without itself, revoked, and all of it is in a log that holds", async () => {
    const made = await run("key", "create", "li", "--role", "operator", "--operator", "mobile", "--days", "30");
    const key = made.stdout.trim();
    expect(key).toMatch(/^v6m_[\w-]{43}$/);
    expect(made.stderr).not.toContain(key);
    expect(new KeyRing(folder).identify(key)).toMatchObject({ name: "li", role: "operator", operator: "mobile" });

    const listed = await run("key", "list");
    expect(listed.stdout).toMatch(
      /^name +rights +made +expires +last used\nli +operator mobile +20\d\d-\S+ +20\d\d-\S+ +20\d\d-\S+\n$/,
    );
    expect((await run("key", "revoke", "li")).code).toBe(0);
    expect(new KeyRing(folder).identify(key)).toBeNull();
    const again = await run("key", "revoke", "li");
    expect(again).toMatchObject({ code: 78, stderr: expect.stringContaining('There is no key "li"') });

    const verified = await run("audit", "verify");
    expect(verified.stdout).toMatch(/^6 records in .* hold together\nend +6:[0-9a-f]{64}\n$/);
    const log = readdirSync(join(folder, "audit")).filter((name) => name.endsWith(".jsonl"));
    const text = log.map((name) => readFileSync(join(folder, "audit", name), "utf8")).join("");
    expect(
      text
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line))
        .map(({ action, outcome }) => `${action} ${outcome}`),
    ).toEqual([
      "key.create started",
      "key.create done",
      "key.revoke started",
      "key.revoke done",
      "key.revoke started",
      "key.revoke CONFIG_INVALID",
    ]);
    expect(text).not.toContain(key.slice(4, 24));

    const [, end] = /end +(\S+)/.exec(verified.stdout) ?? [];
    expect((await run("audit", "verify", "--noted", end as string)).code).toBe(0);
    writeFileSync(join(folder, "audit", log[0] as string), text.replace('"name":"li"', '"name":"lo"'));
    const broken = await run("audit", "verify");
    expect(broken.code).not.toBe(0);
    expect(broken.stderr).toContain("line 1 was changed");
  });

  test.each([
    {
      says: "a role that is none",
      args: ["create", "a", "--role", "root"],
      found: "--role: found root, allowed is one of",
    },
    { says: "no role", args: ["create", "a"], found: "--role: found none" },
    {
      says: "an operator without a name",
      args: ["create", "a", "--role", "operator"],
      found: "--operator: found none",
    },
    {
      says: "a name for another role",
      args: ["create", "a", "--role", "analyst", "--operator", "x"],
      found: "--operator: found x with",
    },
    {
      says: "raw for an analyst",
      args: ["create", "a", "--role", "analyst", "--raw"],
      found: "--raw: found the role analyst",
    },
    { says: "days that are none", args: ["create", "a", "--role", "analyst", "--days", "x"], found: "--days: found x" },
    { says: "a name that is none", args: ["create", "../a", "--role", "analyst"], found: 'The name "../a"' },
    { says: "nothing", args: [], found: "Allowed is create NAME, list, or revoke NAME" },
    { says: "an option that is none", args: ["list", "--all"], found: "--all" },
  ])("$says is refused with what is allowed", async ({ args, found }) => {
    const { code, stderr, stdout } = (await run("key", ...args)) as { code: number; stderr: string; stdout: string };
    expect(code).toBe(78);
    expect(stderr).toContain(found);
    expect(stdout).toBe("");
  });
});

describe("the operator of an exporter", () => {
  const exporters = `exporters:
  - exporter: 192.0.2.0/24
    operator: mobile
  - exporter: 192.0.2.128/25
    operator: telecom
  - exporter: 192.0.2.200
  - exporter: 2001:db8::/32
    operator: unicom
`;

  test("is that of the longest prefix, as the classifier finds it, and follows the registry's files", async () => {
    const registry = join(folder, "registry");
    mkdirSync(registry);
    writeFileSync(join(registry, "exporters.yaml"), exporters);
    await using parts = new AsyncDisposableStack();
    const { ownerOf } = watchRegistryAnswers(parts, registry, logger);
    const owners = () =>
      ["192.0.2.1", "192.0.2.129", "192.0.2.200", "2001:db8:ffff::1", "198.51.100.1", "::", "x"].map(ownerOf);
    expect(owners()).toEqual(["mobile", "telecom", null, "unicom", null, null, null]);
    expect(owners()).toEqual(["mobile", "telecom", null, "unicom", null, null, null]);
    writeFileSync(join(registry, "exporters.yaml"), exporters.replace("operator: mobile", "operator: unicom"));
    await expect.poll(() => ownerOf("192.0.2.1"), { timeout: 20_000 }).toBe("unicom");
  });

  test("an exporter of IPv4 is in no prefix of IPv6", () => {
    const zero = { ipVersion: 6, bytes: new Uint8Array(16), length: 0 };
    const ownerOf = ownerOfEntries(entryOfRegistry({ exporters: [{ prefix: zero, operator: "unicom" }] } as never));
    expect([ownerOf("2001:db8::1"), ownerOf("192.0.2.1")]).toEqual(["unicom", null]);
  });
});

test("a change of the registry that is wrong is told by file and line, and the registry before stays in force", async () => {
  const registry = join(folder, "registry");
  const file = join(registry, "exporters.yaml");
  mkdirSync(registry);
  const good = "exporters:\n  - exporter: 192.0.2.1\n    operator: mobile\n";
  writeFileSync(file, good);
  await using parts = new AsyncDisposableStack();
  const { ownerOf, registryState } = watchRegistryAnswers(parts, registry, logger);
  const before = registryState();
  expect(api.registryState.parse(before)).toMatchObject({ folder: registry, entries: { exporters: 1 }, refused: null });
  writeFileSync(file, `${good.replace("mobile", "nobody")}  - exporter: 192.0.2.300\n`);
  await expect.poll(() => registryState().refused, { timeout: 20_000 }).not.toBeNull();
  const { refused, ...inForce } = api.registryState.parse(registryState());
  expect({ ...inForce, refused: null }).toEqual(before);
  expect(refused?.problems.map((it) => [it.file, it.line])).toEqual([
    [file, 3],
    [file, 4],
  ]);
  expect(refused?.problems[0]?.problem).toMatch(/operator "nobody" is not registered; allowed are .*mobile/);
  expect(ownerOf("192.0.2.1")).toBe("mobile");
  writeFileSync(file, good);
  await expect.poll(() => registryState().refused, { timeout: 20_000 }).toBeNull();
  writeFileSync(join(registry, "operators.csv"), Array(3).fill("x").join("\n"));
  await expect.poll(() => registryState().refused?.problems[0]?.line, { timeout: 20_000 }).toBeNull();
});
