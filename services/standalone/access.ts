import { join } from "node:path";
import {
  AuditLog,
  type AuditReader,
  type Identities,
  identitiesOf,
  KeyRing,
  openTokens,
  readAudit,
} from "@v6meter/identity";
import type { Logger } from "@v6meter/runtime";
import { type Config, Fault, formatHostPort, parseHostPort } from "@v6meter/schemas";
import { type Key, openKey } from "./keys.ts";

/** Who may use a process, and where it writes down what they did. */
export interface Access {
  readonly adminKey: Key;
  readonly identities: Identities;
  readonly audit: AuditLog;
  readonly readAudit: AuditReader;
  readonly keys: KeyRing;
  /** Throws CONFIG_INVALID where a setting opens an address to other machines before anybody was given a key. */
  checkListens(setting: string, address: string | null): void;
}

/** Folder of the named keys and, where nothing else is set, of the audit log. */
export function keysFolder({ keys_dir, data_dir }: Config): string {
  return keys_dir ?? data_dir;
}

/** The audit log of the settings. */
export function openAudit(config: Config): AuditLog {
  return new AuditLog({ folder: auditFolder(config), fileMaxBytes: config.access.audit_file_max_bytes });
}

export function auditFolder(config: Config): string {
  return config.access.audit_dir ?? join(keysFolder(config), "audit");
}

/** Whether only this machine reaches an address. */
export function isLoopback(address: string): boolean {
  const host = parseHostPort(address)?.host ?? "";
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Opens keys, tokens and the audit log; the stack writes down when keys were last used. Throws CONFIG_INVALID. */
export async function openAccess(parts: AsyncDisposableStack, config: Config, logger: Logger): Promise<Access> {
  const adminKey = await openKey(config, "admin");
  const tokens = openTokens(config.access.oidc);
  const keys = new KeyRing(keysFolder(config), {
    onProblem: (fault) => logger.error({ code: fault.code }, fault.message),
  });
  parts.defer(async () => keys.writeUsed());
  return {
    adminKey,
    identities: identitiesOf({ adminKey: adminKey.key, keys, tokens }),
    audit: openAudit(config),
    readAudit: (question) => readAudit(auditFolder(config), question),
    keys,
    checkListens(setting, address) {
      if (address === null || isLoopback(address) || tokens !== null || keys.usable > 0) return;
      const at = formatHostPort(parseHostPort(address) ?? { host: address, port: 0 });
      throw new Fault(
        "CONFIG_INVALID",
        `${setting}: ${at} is open to other machines while the generated ${adminKey.file} is the only key; give people theirs with v6meter key create, set access.oidc, or listen on 127.0.0.1.`,
      );
    },
  };
}
