import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessConfig } from "@v6meter/schemas";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTokens } from "./tokens.ts";

const pair = await generateKeyPair("RS256");
const stranger = await generateKeyPair("RS256");
const elliptic = await generateKeyPair("ES384");
const publicJwk = { ...(await exportJWK(pair.publicKey)), kid: "one", alg: "RS256", use: "sig" };

let issuer: string;
let answer: { status: number; body: string } = { status: 200, body: "" };
let asked = 0;
const server = createServer((_request, response) => {
  asked += 1;
  response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.body);
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}/realm`;
  answer = { status: 200, body: JSON.stringify({ keys: [publicJwk] }) };
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const oidc = (more: object = {}) =>
  accessConfig.parse({
    oidc: {
      issuer,
      jwks_url: `${issuer}/certs`,
      role_claim: "realm_access.roles",
      roles: {
        administrator: ["v6-admin"],
        regulator: ["v6-caict", "v6-office"],
        analyst: ["v6-sql"],
        operator: ["v6-op"],
      },
      raw: ["v6-raw"],
      ...more,
    },
  }).oidc;

interface Made {
  claims?: Record<string, unknown>;
  iss?: string;
  aud?: string | string[];
  sub?: string | null;
  expiresInS?: number | null;
  notBeforeInS?: number;
  key?: CryptoKey | Uint8Array;
  header?: { alg: string; kid?: string };
}

function token({
  claims = { realm_access: { roles: ["v6-sql"] } },
  iss = issuer,
  aud = "v6meter",
  sub = "li@example",
  ...more
}: Made = {}) {
  const nowS = Math.floor(Date.now() / 1_000);
  const jwt = new SignJWT(claims)
    .setProtectedHeader(more.header ?? { alg: "RS256", kid: "one" })
    .setIssuer(iss)
    .setAudience(aud);
  if (sub !== null) jwt.setSubject(sub);
  if (more.expiresInS !== null) jwt.setExpirationTime(nowS + (more.expiresInS ?? 60));
  if (more.notBeforeInS !== undefined) jwt.setNotBefore(nowS + more.notBeforeInS);
  return jwt.sign(more.key ?? pair.privateKey);
}

const identify = async (text: string, more: object = {}) => openTokens(oidc(more))?.identify(text);

test("a token of the issuer is its subject, in the role its claim tells", async () => {
  expect(await identify(await token())).toEqual({
    kind: "token",
    name: "li@example",
    role: "analyst",
    operator: null,
    raw: false,
  });
});

test.each([
  { says: "one of several values fits", claims: { realm_access: { roles: ["x", "v6-office"] } }, role: "regulator" },
  {
    says: "the role of most rights goes first",
    claims: { realm_access: { roles: ["v6-sql", "v6-admin"] } },
    role: "administrator",
  },
  { says: "a text of several words is a list", claims: { realm_access: { roles: "x v6-sql" } }, role: "analyst" },
  {
    says: "a claim of the very name goes before its path",
    claims: { "realm_access.roles": ["v6-sql"] },
    role: "analyst",
  },
  {
    says: "raw is an administrator's",
    claims: { realm_access: { roles: ["v6-admin", "v6-raw"] } },
    role: "administrator",
    raw: true,
  },
  {
    says: "raw makes nobody an administrator",
    claims: { realm_access: { roles: ["v6-sql", "v6-raw"] } },
    role: "analyst",
  },
  {
    says: "an operator is named by its claim",
    claims: { realm_access: { roles: ["v6-op"] }, operator: "mobile" },
    role: "operator",
    operator: "mobile",
  },
])("$says", async ({ claims, role, operator = null, raw = false }) => {
  expect(await identify(await token({ claims }))).toMatchObject({ role, operator, raw });
});

test.each<{ says: string; claims: Record<string, unknown> }>([
  { says: "no role", claims: {} },
  { says: "a role that stands for nothing here", claims: { realm_access: { roles: ["other"] } } },
  { says: "an operator without a name", claims: { realm_access: { roles: ["v6-op"] } } },
  { says: "an operator's name that is no text", claims: { realm_access: { roles: ["v6-op"] }, operator: ["mobile"] } },
  { says: "a role from a prototype", claims: { realm_access: { constructor: ["v6-sql"] } } },
])("a token with $says is nobody's", async ({ claims }) => {
  expect(await identify(await token({ claims }))).toBeNull();
});

test.each<{ says: string; made: () => Made }>([
  { says: "another issuer", made: () => ({ iss: `${issuer}/` }) },
  { says: "another audience", made: () => ({ aud: "grafana" }) },
  { says: "no expiry", made: () => ({ expiresInS: null }) },
  { says: "an expiry that is past, beyond the tolerance", made: () => ({ expiresInS: -31 }) },
  { says: "a beginning in the future", made: () => ({ notBeforeInS: 120 }) },
  { says: "no subject", made: () => ({ sub: null }) },
  { says: "a stranger's signature", made: () => ({ key: stranger.privateKey }) },
  { says: "a key that is not the issuer's", made: () => ({ header: { alg: "RS256", kid: "two" } }) },
  {
    says: "an algorithm that is not allowed",
    made: () => ({ key: elliptic.privateKey, header: { alg: "ES384", kid: "one" } }),
  },
])("a token of $says is refused", async ({ made }) => {
  expect(await identify(await token(made()))).toBeNull();
});

test("the clock may be off by the tolerance, and the audience may be one of several", async () => {
  expect(await identify(await token({ expiresInS: -10 }))).toMatchObject({ role: "analyst" });
  expect(await identify(await token({ aud: ["x", "v6meter"] }))).toMatchObject({ role: "analyst" });
});

test("alg none is refused, and so is HS256 with the public key as its secret", async () => {
  const claims = { realm_access: { roles: ["v6-admin"] } };
  const none = new UnsecuredJWT(claims)
    .setIssuer(issuer)
    .setAudience("v6meter")
    .setSubject("x")
    .setExpirationTime("1m")
    .encode();
  expect(await identify(none)).toBeNull();

  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const payload = part({ ...claims, iss: issuer, aud: "v6meter", sub: "x", exp: Math.floor(Date.now() / 1_000) + 60 });
  const spki = await exportSPKI(pair.publicKey);
  for (const secret of [spki, spki.trim(), JSON.stringify(publicJwk), publicJwk.n as string]) {
    const signed = `${part({ alg: "HS256", kid: "one", typ: "JWT" })}.${payload}`;
    const forged = `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
    expect(await identify(forged)).toBeNull();
  }
});

test("a token changed on its way is refused", async () => {
  const [head, body = "", signature] = (await token()).split(".");
  const payload = JSON.parse(Buffer.from(body, "base64url").toString());
  const raised = { ...payload, realm_access: { roles: ["v6-admin"] } };
  expect(
    await identify([head, Buffer.from(JSON.stringify(raised)).toString("base64url"), signature].join(".")),
  ).toBeNull();
});

test("the issuer's keys are fetched once for many tokens", async () => {
  const tokens = openTokens(oidc());
  asked = 0;
  for (let i = 0; i < 5; i++) expect(await tokens?.identify(await token())).not.toBeNull();
  expect(asked).toBe(1);
});

test.each([
  { says: "fails", given: { status: 500, body: "" } },
  { says: "answers no key set", given: { status: 200, body: '{"keys":1}' } },
])("an issuer that $says is told as that, not as a wrong token", async ({ given }) => {
  const before = answer;
  answer = given;
  await expect(identify(await token())).rejects.toMatchObject({ code: "IDENTITY_UNREACHABLE", retry: true });
  answer = before;
});

test("an issuer that is not there is told as that", async () => {
  await expect(identify(await token(), { jwks_url: "http://127.0.0.1:9/certs" })).rejects.toMatchObject({
    code: "IDENTITY_UNREACHABLE",
  });
});

test("keys in a file serve as well, and are read again when they change", async () => {
  const folder = mkdtempSync(join(tmpdir(), "v6meter-jwks-"));
  const file = join(folder, "jwks.json");
  const tokens = openTokens(oidc({ jwks_url: null, jwks_file: file }));
  await expect(tokens?.identify(await token())).rejects.toMatchObject({ code: "IDENTITY_UNREACHABLE" });
  writeFileSync(file, JSON.stringify({ keys: [publicJwk] }));
  expect(await tokens?.identify(await token())).toMatchObject({ role: "analyst" });
  const other = { ...(await exportJWK(stranger.publicKey)), kid: "other-key" };
  writeFileSync(file, JSON.stringify({ keys: [other] }));
  expect(await tokens?.identify(await token())).toBeNull();
  rmSync(folder, { recursive: true });
});

test("an issuer needs its keys in one place", () => {
  expect(openTokens(accessConfig.parse({}).oidc)).toBeNull();
  expect(() => openTokens(oidc({ jwks_url: null }))).toThrow("neither jwks_url nor jwks_file");
  expect(() => openTokens(oidc({ jwks_file: "x" }))).toThrow("both jwks_url and jwks_file");
});
