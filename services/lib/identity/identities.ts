import { timingSafeEqual } from "node:crypto";
import { FIRST_ADMINISTRATOR, type Identity } from "./identity.ts";
import { type KeyRing, keyHash } from "./keys.ts";
import { looksLikeToken, type Tokens } from "./tokens.ts";

/** Everything that can tell who sends a request. */
export interface Identities {
  /** Who has this bearer text or password; null where nobody. Throws IDENTITY_UNREACHABLE. */
  identify(secret: string): Promise<Identity | null>;
}

export interface IdentitiesOptions {
  /** The key of admin.key: an administrator who sees raw flows, as the owner of the machine does. */
  readonly adminKey: string;
  readonly keys?: KeyRing | null;
  readonly tokens?: Tokens | null;
}

/** The administrator's first key, the named keys and the tokens of an issuer, asked in this order. */
export function identitiesOf({ adminKey, keys = null, tokens = null }: IdentitiesOptions): Identities {
  const admin: Identity = { kind: "key", name: FIRST_ADMINISTRATOR, role: "administrator", operator: null, raw: true };
  const adminHash = Buffer.from(keyHash(adminKey));
  return {
    async identify(secret) {
      if (timingSafeEqual(Buffer.from(keyHash(secret)), adminHash)) return admin;
      const named = keys?.identify(secret) ?? null;
      if (named || !tokens || !looksLikeToken(secret)) return named;
      return tokens.identify(secret);
    },
  };
}
