import { z } from "zod";
import { parseAddressPrefix } from "./flow/prefix.ts";

/** An address or network, as the HTTP server takes them. */
const proxy = z.string().refine((text) => parseAddressPrefix(text) !== null, {
  error: "must be an IPv4 or IPv6 address, or one with a prefix length",
});

const claimValues = (role: string) =>
  z.array(z.string().min(1)).default([]).describe(`Values of the role claim that make a token one of ${role}`);

/** Algorithms a token may be signed with: of a key pair only, so that no public key is taken for a secret. */
export const TOKEN_ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"] as const;

export const oidcConfig = z
  .strictObject({
    issuer: z
      .url({ protocol: /^https?$/ })
      .nullable()
      .default(null)
      .describe("Issuer of OIDC tokens, exactly as its tokens name it; null: keys only"),
    audience: z.string().min(1).default("v6meter").describe("Audience a token must name"),
    jwks_url: z
      .url({ protocol: /^https?$/ })
      .nullable()
      .default(null)
      .describe("Where the issuer publishes its public keys (JWKS)"),
    jwks_file: z.string().min(1).nullable().default(null).describe("File with the issuer's public keys instead"),
    algorithms: z
      .array(z.enum(TOKEN_ALGORITHMS))
      .min(1)
      .default(["RS256", "PS256", "ES256", "EdDSA"])
      .describe("Algorithms a token may be signed with; others are refused"),
    clock_tolerance_s: z.int().min(0).max(300).default(30).describe("How far the issuer's clock may be off"),
    role_claim: z
      .string()
      .min(1)
      .default("roles")
      .describe("Claim that tells the roles, a text or a list; points lead into objects (realm_access.roles)"),
    operator_claim: z.string().min(1).default("operator").describe("Claim that names the operator of role operator"),
    roles: z
      .strictObject({
        administrator: claimValues("administrator"),
        regulator: claimValues("regulator"),
        analyst: claimValues("analyst"),
        operator: claimValues("operator"),
        public: claimValues("public"),
      })
      .prefault({})
      .describe("Roles by the values of the claim; the first role that fits, in this order"),
    raw: z
      .array(z.string().min(1))
      .default([])
      .describe("Values of the role claim that let an administrator see raw flows in SQL"),
  })
  .describe("Tokens of an OpenID Connect issuer");

export const accessConfig = z
  .strictObject({
    requests_per_minute: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(1_200)
      .describe("Requests a key or a token's subject may send a minute, in bursts of as many"),
    failed_logins_per_minute: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(30)
      .describe("Wrong keys and tokens an address may send a minute before they are answered 429"),
    trusted_proxies: z
      .array(proxy)
      .default([])
      .describe("Addresses and networks of proxies whose X-Forwarded-For tells the client's address"),
    audit_dir: z.string().min(1).nullable().default(null).describe("Folder of the audit log; null: audit in keys_dir"),
    audit_file_max_bytes: z
      .int()
      .min(4_096)
      .default(67_108_864)
      .describe("A file of the audit log is followed by the next one at this size; none is deleted"),
    oidc: oidcConfig.prefault({}),
  })
  .describe("Keys, tokens, limits and the audit log");
export type AccessConfig = z.infer<typeof accessConfig>;
export type OidcConfig = AccessConfig["oidc"];
