import { readFileSync, statSync } from "node:fs";
import { Fault, type OidcConfig, ROLE_NAMES } from "@v6meter/schemas";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from "jose";
import type { Identity } from "./identity.ts";

/** Longest wait for the issuer's keys. */
const FETCH_TIMEOUT_MS = 5_000;
/** The issuer's keys are asked for again after so long, and not more often than so for a key that is not known. */
const FRESH_MS = 600_000;
const COOLDOWN_MS = 10_000;

/** Tokens of an OpenID Connect issuer, checked by its public keys. */
export interface Tokens {
  /** Whose token this is; null where it is not to be trusted or has no role here. Throws IDENTITY_UNREACHABLE. */
  identify(token: string): Promise<Identity | null>;
}

/** Whether a bearer's text has the form of a signed token. */
export function looksLikeToken(text: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text);
}

/** The value of a claim; points in its name lead into objects, where the token has no claim of that very name. */
function claimOf(payload: JWTPayload, path: string): unknown {
  if (Object.hasOwn(payload, path)) return payload[path];
  return path
    .split(".")
    .reduce<unknown>(
      (value, name) =>
        typeof value === "object" && value !== null && Object.hasOwn(value, name)
          ? (value as Record<string, unknown>)[name]
          : undefined,
      payload,
    );
}

function texts(value: unknown): string[] {
  if (typeof value === "string") return value.split(" ");
  return Array.isArray(value) ? value.filter((it) => typeof it === "string") : [];
}

/** What a token that was checked says of its bearer, by the settings. */
function identityOf(payload: JWTPayload, { role_claim, operator_claim, roles, raw }: OidcConfig): Identity | null {
  const values = texts(claimOf(payload, role_claim));
  const role = ROLE_NAMES.find((name) => roles[name].some((value) => values.includes(value)));
  if (!role || !payload.sub) return null;
  const operator = role === "operator" ? claimOf(payload, operator_claim) : null;
  if (role === "operator" && (typeof operator !== "string" || operator === "")) return null;
  const seesRaw = role === "administrator" && raw.some((value) => values.includes(value));
  return { kind: "token", name: payload.sub, role, operator: operator as string | null, raw: seesRaw };
}

/** Reads a JWKS file, again whenever it changes. */
function keysOfFile(path: string): JWTVerifyGetKey {
  let stamp = "";
  let keys: JWTVerifyGetKey | null = null;
  return (header, token) => {
    try {
      const { mtimeMs, ino, size } = statSync(path);
      const found = `${mtimeMs} ${ino} ${size}`;
      if (!keys || found !== stamp) {
        keys = createLocalJWKSet(JSON.parse(readFileSync(path, "utf8")) as JSONWebKeySet);
        stamp = found;
      }
    } catch (cause) {
      throw new Fault(
        "IDENTITY_UNREACHABLE",
        `access.oidc.jwks_file: ${path} cannot be used (${(cause as Error).message}).`,
        { cause },
      );
    }
    return keys(header, token);
  };
}

function keysOfUrl(url: string): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(new URL(url), {
    timeoutDuration: FETCH_TIMEOUT_MS,
    cacheMaxAge: FRESH_MS,
    cooldownDuration: COOLDOWN_MS,
    [customFetch]: async (input, options) => {
      try {
        const answer = await fetch(input, options);
        if (answer.status !== 200) throw new Error(`status ${answer.status}`);
        return answer;
      } catch (cause) {
        throw unreachable(url, cause);
      }
    },
  });
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      // What is no key set at all, or takes too long, is the issuer's trouble and not the bearer's.
      if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) throw unreachable(url, error);
      throw error;
    }
  };
}

function unreachable(url: string, cause: unknown): Fault {
  return new Fault(
    "IDENTITY_UNREACHABLE",
    `access.oidc.jwks_url: ${url} does not answer with a key set (${(cause as Error).message}).`,
    {
      cause,
    },
  );
}

/** Checks tokens as the settings say; null where they name no issuer. Throws CONFIG_INVALID. */
export function openTokens(config: OidcConfig): Tokens | null {
  const { issuer, jwks_url, jwks_file, audience, algorithms, clock_tolerance_s } = config;
  if (issuer === null) return null;
  if ((jwks_url === null) === (jwks_file === null)) {
    const found = jwks_url === null ? "neither jwks_url nor jwks_file" : "both jwks_url and jwks_file";
    throw new Fault("CONFIG_INVALID", `access.oidc: found ${found}, allowed is one of them beside an issuer.`);
  }
  const keys = jwks_url === null ? keysOfFile(jwks_file as string) : keysOfUrl(jwks_url);
  return {
    async identify(token) {
      try {
        const { payload } = await jwtVerify(token, keys, {
          issuer,
          audience,
          algorithms: [...algorithms],
          clockTolerance: clock_tolerance_s,
          requiredClaims: ["sub", "exp"],
        });
        return identityOf(payload, config);
      } catch (error) {
        if (error instanceof errors.JOSEError) return null;
        throw error;
      }
    },
  };
}
