import { z } from "zod";
import { ACCESS_TYPES, type AccessType } from "../flow/vocabulary.ts";
import { SESSION_STATUS_TYPES } from "./fields.ts";

/**
 * Files of the settings `sessions.*`: RADIUS clients, keys of identities, vendors' attributes and batch
 * files. Unknown keys and columns are refused.
 */

const accessType = z.enum(Object.keys(ACCESS_TYPES) as [AccessType, ...AccessType[]]);
const word = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, "must be 1 to 32 of a-z, 0-9, _ and -, beginning with a letter or digit");
const secretFile = z.string().min(1);

/** Attributes of RADIUS that may hold the identity of a subscriber. */
export const IDENTITY_ATTRIBUTES = ["Calling-Station-Id", "User-Name", "Chargeable-User-Identity", "Class"] as const;
export type IdentityAttribute = (typeof IDENTITY_ATTRIBUTES)[number];
const identityAttributes = z.array(z.enum(IDENTITY_ATTRIBUTES)).min(1);

export const radiusClient = z.strictObject({
  client: z.string().min(1).describe("Address of the client, or a prefix of clients; the longest that fits holds"),
  name: z.string().optional(),
  secret_file: z
    .union([secretFile, z.array(secretFile).min(1).max(4)])
    .describe("File of the shared secret, relative to this file; several while a secret is changed"),
  operator: word.default("unknown").describe("Operator of the registry"),
  region: word.default("unknown").describe("Administrative code of the registry"),
  access: accessType.default("unknown"),
  access_by_nas_port_type: z
    .record(z.string().regex(/^\d{1,10}$/, "must be a number of NAS-Port-Type (61)"), accessType)
    .default({})
    .describe("Access network by NAS-Port-Type, where one client serves several"),
  identity_attributes: identityAttributes
    .optional()
    .describe("Instead of sessions.identity_attributes: the first that is there is the identity"),
});
export type RadiusClient = z.infer<typeof radiusClient>;

/** `sessions.clients_file` */
export const clientsFile = z.strictObject({ clients: z.array(radiusClient).min(1) });

export const identityKey = z.strictObject({
  month: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/, "must be a month (2026-11)")
    .describe("First month, in Asia/Shanghai, that the key holds for; the first key holds before it as well"),
  secret_file: secretFile.describe("File of the key: 32 bytes as 43 characters of base64url; relative to this file"),
});

/** `sessions.identity_keys_file` */
export const identityKeysFile = z.strictObject({ keys: z.array(identityKey).min(1).max(120) });

/** What an attribute of a vendor says of a session. */
export const VENDOR_MEANINGS = {
  ipv6_input_octets: "IPv6 octets from the subscriber, low 32 bits",
  ipv6_output_octets: "IPv6 octets to the subscriber, low 32 bits",
  ipv6_input_gigawords: "their high 32 bits",
  ipv6_output_gigawords: "their high 32 bits",
  port_first: "first port of the subscriber's block of a shared IPv4 address",
  port_last: "last port of the block",
  port_address: "the shared IPv4 address the block is of",
} as const;
export type VendorMeaning = keyof typeof VENDOR_MEANINGS;

const vendorAttribute = z.strictObject({
  type: z.int().min(1).max(255).describe("Number within the vendor's attributes (26)"),
  name: z.string().optional(),
  meaning: z.enum(Object.keys(VENDOR_MEANINGS) as [VendorMeaning, ...VendorMeaning[]]),
});

/** `sessions.dictionary_file`, and the built-in dictionary; a vendor here replaces the built-in one. */
export const dictionaryFile = z.strictObject({
  vendors: z
    .array(
      z.strictObject({
        vendor: z.int().min(1).max(16_777_215).describe("Private enterprise number (IANA); the key"),
        name: z.string().optional(),
        attributes: z.array(vendorAttribute),
      }),
    )
    .default([]),
});
export type Dictionary = z.infer<typeof dictionaryFile>;

const time = z.iso
  .datetime({ offset: true, error: "must be a time with its offset (2026-01-31T08:00:00+08:00)" })
  .transform((text) => Date.parse(text));
const whole = (most: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/, "must be a whole number")
    .transform(Number)
    .pipe(z.int().min(0).max(most));
const octets = whole(Number.MAX_SAFE_INTEGER);

/** Words of status_type in a batch file. */
export const SESSION_STATUS_WORDS = { ...SESSION_STATUS_TYPES, interim: SESSION_STATUS_TYPES.interim_update } as const;

/**
 * A line of a batch file of `sessions.import_dir`; an empty cell says nothing. The columns are named as those
 * of a session event, with the identity and the names that are hashed there.
 */
export const sessionRow = z.strictObject({
  event_at: time.describe("When it happened"),
  started_at: time.optional().describe("Start of the session"),
  status_type: z
    .enum(Object.keys(SESSION_STATUS_WORDS) as (keyof typeof SESSION_STATUS_WORDS)[])
    .transform((word) => SESSION_STATUS_WORDS[word])
    .describe("start, stop, interim; accounting_on and accounting_off end the sessions of the NAS"),
  nas: z.string().max(253).optional().describe("NAS-Identifier, or the address of the NAS"),
  session: z.string().max(253).optional().describe("Acct-Session-Id, unique at its NAS"),
  identity: z.string().max(253).optional().describe("Identity of the subscriber; hashed as it is read"),
  operator: word.optional(),
  region: word.optional(),
  access: accessType.optional(),
  framed_ip_address: z.ipv4().optional(),
  port_first: whole(65_535).optional(),
  port_last: whole(65_535).optional(),
  framed_ipv6_address: z.ipv6().optional(),
  framed_ipv6_prefix: z.string().optional().describe("Prefix with its length"),
  delegated_ipv6_prefix: z.string().optional().describe("Prefix with its length"),
  input_octets: octets.optional(),
  output_octets: octets.optional(),
  ipv6_input_octets: octets.optional(),
  ipv6_output_octets: octets.optional(),
});
export type SessionRow = z.infer<typeof sessionRow>;
