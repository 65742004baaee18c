import { type AccountingService, createAccountingService, openIdentityKeys } from "@v6meter/accounting";
import type { Bus } from "@v6meter/bus";
import { type Logger, startWith } from "@v6meter/runtime";
import { type Config, formatHostPort, type HostPort } from "@v6meter/schemas";
import { openKey } from "./keys.ts";

export interface AccountingParts {
  readonly config: Config;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly onExit: (error: Error) => void;
}

/** Whether the settings name a source of sessions. */
export function hasAccounting({ sessions }: Config): boolean {
  return sessions.clients_file !== null || sessions.import_dir !== null;
}

/** Takes in sessions, where the settings name a source of them; left to the stack to stop. */
export async function startAccounting(
  parts: AsyncDisposableStack,
  { config, bus, logger, onExit }: AccountingParts,
): Promise<AccountingService | null> {
  if (!hasAccounting(config)) return null;
  const { key } = await openKey(config, "identity");
  const keys = openIdentityKeys(config.sessions.identity_keys_file, key);
  const accounting = createAccountingService({ config: config.sessions, bus, keys, logger, onExit });
  await startWith(parts, accounting);
  return accounting;
}

/** Says where RADIUS accounting is taken; nothing where it is not. */
export function accountingLine(addresses: readonly HostPort[]): string[] {
  return addresses.length === 0 ? [] : [`AAA   ${addresses.map(formatHostPort).join("  ")}  (RADIUS accounting)`];
}
