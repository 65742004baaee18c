import { addressText, clientsFile, type IdentityAttribute, type RadiusClient } from "@v6meter/schemas";
import { type Prefix, parsePrefix, sameBits } from "./prefix.ts";
import { besideFile, readSettingsFile, readText } from "./settings-file.ts";

const SETTING = "sessions.clients_file";
/** RFC 2865 section 3 asks for 16 octets at least and sets no end; longer ones than this are a mistake. */
const SECRET_MAX_BYTES = 256;

/** A RADIUS client: who may send accounting, and where what it tells belongs. */
export interface Client {
  readonly prefix: Prefix;
  readonly name: string;
  readonly secrets: readonly Uint8Array[];
  readonly operator: string;
  readonly region: string;
  readonly access: string;
  readonly accessByNasPortType: ReadonlyMap<number, string>;
  readonly identityAttributes: readonly IdentityAttribute[];
}

/** The clients of a file; the longest prefix that has an address holds. */
export class Clients {
  readonly #clients: readonly Client[];

  constructor(clients: readonly Client[]) {
    this.#clients = clients.toSorted((a, b) => b.prefix.length - a.prefix.length);
  }

  /** The client of an address of 16 bytes, or null. */
  find(address: Uint8Array): Client | null {
    return this.#clients.find(({ prefix }) => sameBits(prefix.address, address, prefix.length)) ?? null;
  }
}

/** Line ends behind a secret are an editor's, not the secret's. */
function readSecret(file: string, path: string): { secret: Uint8Array; problem: string | null } {
  const secret = Buffer.from(readText(SETTING, besideFile(file, path)).replace(/[\r\n]+$/, ""));
  const fits = secret.length > 0 && secret.length <= SECRET_MAX_BYTES;
  return {
    secret,
    problem: fits ? null : `${path} holds ${secret.length} bytes; allowed are 1 to ${SECRET_MAX_BYTES}`,
  };
}

/** Reads the file of RADIUS clients. Throws CONFIG_INVALID with the line of each mistake; no message has a secret. */
export function loadClients(path: string, identityAttributes: readonly IdentityAttribute[]): Clients {
  const file = readSettingsFile(SETTING, path, clientsFile);
  const seen = new Map<string, number>();
  const clients = file.value.clients.map((row: RadiusClient, i: number): Client => {
    const prefix = parsePrefix(row.client);
    if (prefix === null)
      file.complain(
        ["clients", i, "client"],
        `client ${JSON.stringify(row.client)} is not an address or prefix; write it like 192.0.2.1 or 2001:db8::/64, without bits behind its length`,
      );
    const key = prefix === null ? `#${i}` : `${addressText(prefix.address)}/${prefix.length}`;
    if (seen.has(key)) file.complain(["clients", i, "client"], `client ${row.client} is given twice`);
    seen.set(key, i);
    const secrets = [row.secret_file].flat().map((secretFile) => {
      const { secret, problem } = readSecret(path, secretFile);
      if (problem) file.complain(["clients", i, "secret_file"], problem);
      return secret;
    });
    return {
      prefix: prefix ?? { address: new Uint8Array(16), length: 128 },
      name: row.name ?? row.client,
      secrets,
      operator: row.operator,
      region: row.region,
      access: row.access,
      accessByNasPortType: new Map(
        Object.entries(row.access_by_nas_port_type).map(([type, access]) => [Number(type), access]),
      ),
      identityAttributes: row.identity_attributes ?? identityAttributes,
    };
  });
  file.check();
  return new Clients(clients);
}
