import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeSessions } from "@v6meter/batch";
import { type Bus, openEmbeddedBus } from "@v6meter/bus";
import { createLogger } from "@v6meter/runtime";
import {
  addressText,
  getBigU64,
  getU64,
  type LedgerDelta,
  SESSION_FIELD_NAMES,
  SESSION_FIELDS,
  type SessionBatch,
  type SessionFieldName,
  config as settings,
  TOPICS,
} from "@v6meter/schemas";
import { openIdentityKeys } from "./identity-keys.ts";
import { type AccountingService, createAccountingService } from "./service.ts";

/** 32 bytes of 7, as a key file holds them. */
export const PLATFORM_KEY = Buffer.alloc(32, 7).toString("base64url");

/** A folder of files for one test. */
export class TestFolder {
  readonly path = mkdtempSync(join(tmpdir(), "v6meter-accounting-"));

  file(name: string, text: string, mode = 0o600): string {
    const path = join(this.path, name);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** An event as the bus carries it, in words. */
export type Event = Record<SessionFieldName, string | number | bigint>;

function eventsOf(batch: SessionBatch): Event[] {
  return Array.from({ length: batch.rows }, (_, row) =>
    Object.fromEntries(
      SESSION_FIELD_NAMES.map((name) => {
        const { kind } = SESSION_FIELDS[name];
        const column = batch.columns[name];
        if (kind === "ip") return [name, addressText(column as Uint8Array, row * 16)];
        if (kind === "time") return [name, getU64(column as Uint32Array, row)];
        if (kind === "u64") return [name, getBigU64(column as Uint32Array, row)];
        if (kind === "label") return [name, batch.labels[name as "region"][column[row] as number] as string];
        return [name, column[row] as number];
      }),
    ),
  ) as Event[];
}

/** Everything the topic of sessions holds. */
export interface Published {
  readonly events: Event[];
  readonly keys: string[];
  readonly ledger: LedgerDelta[];
  /** Every message's bytes and key, to search them. */
  readonly bytes: Buffer;
}

/** Reads the topic of sessions from its beginning, by a group of its own: all of a partition at once, to stay where it is. */
export async function published(bus: Bus, group: string, waitMs = 50): Promise<Published> {
  const consumer = await bus.consumer({ topic: TOPICS.sessions.name, group });
  const all: Published = { events: [], keys: [], ledger: [], bytes: Buffer.alloc(0) };
  const chunks: Uint8Array[] = [];
  let patienceMs = waitMs;
  for (;;) {
    const delivery = await consumer.receive({ maxMessages: 100_000, maxBytes: 1e9, waitMs: patienceMs });
    if (delivery === null) break;
    // It has joined: what there is comes at once.
    patienceMs = Math.min(waitMs, 2_000);
    for (const { key, value } of delivery.messages) {
      chunks.push(Buffer.from(key), value);
      const { batches, books } = decodeSessions(value);
      all.events.push(...batches.flatMap(eventsOf));
      all.ledger.push(...books.ledger);
      all.keys.push(key);
    }
  }
  await consumer.stop();
  return { ...all, bytes: Buffer.concat(chunks) };
}

/** What the books say of an outcome, of one reason and client where they are given. */
export function booked(
  ledger: readonly LedgerDelta[],
  outcome: LedgerDelta["outcome"],
  { reason, exporter }: { reason?: string; exporter?: string } = {},
): number {
  return ledger
    .filter((delta) => delta.stage === "account" && delta.outcome === outcome)
    .filter(
      (delta) =>
        (reason === undefined || delta.reason === reason) && (exporter === undefined || delta.exporter === exporter),
    )
    .reduce((sum, { count }) => sum + count, 0);
}

/** True where at stage account what was received is what went on or was dropped. */
export function balances(ledger: readonly LedgerDelta[]): boolean {
  return booked(ledger, "received") === booked(ledger, "forwarded") + booked(ledger, "dropped");
}

/** The embedded bus, in a folder of the test's. */
export function openTestBus(folder: TestFolder): Promise<Bus> {
  return openEmbeddedBus({ path: join(folder.path, "bus"), partitions: 2, maxBytes: 268_435_456 });
}

/** A service on a bus of its own. */
export interface Started {
  readonly service: AccountingService;
  readonly bus: Bus;
  readonly exits: Error[];
}

/** Starts a service with a bus in the folder, listening at addresses of the system's choice. */
export async function startService(
  folder: TestFolder,
  sessions: Record<string, unknown>,
  { bus: given, keysFile = null }: { bus?: Bus; keysFile?: string | null } = {},
): Promise<Started> {
  const config = settings.parse({ sessions: { udp: ["127.0.0.1:0", "[::1]:0"], flush_interval_ms: 20, ...sessions } });
  const bus = given ?? (await openTestBus(folder));
  const exits: Error[] = [];
  const service = createAccountingService({
    config: config.sessions,
    bus,
    keys: openIdentityKeys(keysFile, PLATFORM_KEY),
    logger: createLogger("silent", "test"),
    reloadEveryMs: 10,
    onExit: (error) => exits.push(error),
  });
  await service.start();
  return { service, bus, exits };
}
