import { randomUUID } from "node:crypto";
import { Fault } from "@v6meter/schemas";
import { type Database, open, type RootDatabase } from "lmdb";
import { checkDataFile } from "./data-file.ts";
import {
  BUS_FORMAT,
  type CompactedKey,
  EARLIER_FORMAT,
  EMPTY_PARTITION,
  type Group,
  type GroupKey,
  type Head,
  type Held,
  type Identity,
  type MessageKey,
  type Partition,
  type PartitionKey,
  type Position,
  type PositionKey,
} from "./records.ts";

/** The lmdb environment of one embedded bus, shared by every thread and process that opens its path. */
export interface Environment {
  readonly path: string;
  readonly identity: Identity;
  readonly counters: Database<Held, string>;
  readonly partitions: Database<Partition, PartitionKey>;
  readonly heads: Database<Head, MessageKey>;
  readonly values: Database<Uint8Array, MessageKey>;
  readonly compacted: Database<Uint8Array, CompactedKey>;
  readonly groups: Database<Group, GroupKey>;
  readonly positions: Database<Position, PositionKey>;
  /** Runs the action, which only reads, on one snapshot that holds every commit so far. Throws as `transact`. */
  read<T>(action: () => T): T;
  /**
   * Runs the action in one transaction, off the event loop but for the action itself; durable when it
   * resolves, nothing of it is kept when it throws. Throws a Fault for what lmdb reports.
   */
  transact<T>(action: () => T): Promise<T>;
  /** Waits for the transactions under way and closes. */
  close(): Promise<void>;
}

const IDENTITY = "identity";
export const HELD = "held";

const DATABASES = ["identity", "counters", "partitions", "heads", "values", "compacted", "groups", "positions"];

/** Address space, not disk: lmdb would grow a smaller map by itself, but that stops all readers. */
const MAP_SPARE_BYTES = 1 << 30;
const PAGE_BYTES = 4_096;

/** lmdb's codes for a file that is damaged or not lmdb's (lmdb.h, "Return Codes"). */
const DAMAGE_CODES = new Set([-30_797, -30_796, -30_795, -30_794, -30_793]);

function faultOf(cause: unknown, path: string): unknown {
  if (cause instanceof Fault || cause instanceof TypeError) return cause;
  const { code, message } = cause as { code?: number; message?: string };
  return cause instanceof SyntaxError || DAMAGE_CODES.has(code ?? 0)
    ? new Fault("BUS_INVALID", `The bus in ${path} is damaged: ${message}.`, { cause })
    : new Fault("BUS_UNREACHABLE", `The bus in ${path} cannot be read or written: ${message}.`, { cause });
}

/** lmdb-js hides what kept a commit from being written behind a promise. */
async function reasonOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<never> };
  return commitError ? commitError.catch((reason: unknown) => reason) : error;
}

/** The bus's identity, made where there is none. */
function identify(root: RootDatabase, identities: Database<Identity, string>, partitions: number): Identity {
  return root.transactionSync(() => {
    const stored = identities.get(IDENTITY);
    if (stored && stored.format !== EARLIER_FORMAT) return stored;
    if (stored) {
      const raised = { ...stored, format: BUS_FORMAT };
      identities.put(IDENTITY, raised);
      return raised;
    }
    const made: Identity = { format: BUS_FORMAT, busId: randomUUID(), partitions };
    identities.put(IDENTITY, made);
    return made;
  });
}

/** Reads the ends of every partition, so that most damage is told at the start. */
function checkPartitions({ partitions, heads }: Pick<Environment, "partitions" | "heads">): void {
  for (const { key, value } of partitions.getRange()) {
    const { first, end } = { ...EMPTY_PARTITION, ...value };
    for (const offset of first < end ? [first, end - 1] : []) {
      if (!heads.get([...key, offset])) throw new Error(`message ${offset} of partition ${key.join("/")} is missing`);
    }
  }
}

function openRoot(path: string, maxBytes: number): RootDatabase {
  checkDataFile(path);
  return open({
    path,
    noSubdir: false,
    maxDbs: DATABASES.length + 1,
    mapSize: Math.ceil((2 * maxBytes + MAP_SPARE_BYTES) / PAGE_BYTES) * PAGE_BYTES,
    // A commit is durable before it is seen: the order lmdb was proved with.
    overlappingSync: false,
    // Batches by event turn make a promise of their own that nobody can catch when the disk is full.
    eventTurnBatching: false,
    encoding: "binary",
  });
}

/**
 * Opens the environment in a folder, making it where there is none. Throws a Fault BUS_INVALID with the
 * path where the folder is another program's or the file is damaged, BUS_UNREACHABLE where the system
 * refuses it.
 */
export async function openEnvironment(options: {
  path: string;
  partitions: number;
  maxBytes: number;
}): Promise<Environment> {
  const { path } = options;
  let root: RootDatabase | undefined;
  try {
    root = openRoot(path, options.maxBytes);
    const names = [...root.getKeys()];
    const foreign = names.find((name) => typeof name !== "string" || !DATABASES.includes(name));
    if (foreign !== undefined) throw new Error(`it holds a database ${String(foreign)} that is not a bus's`);

    const json = { encoding: "json" } as const;
    const identities = root.openDB<Identity, string>("identity", json);
    const opened = {
      counters: root.openDB<Held, string>("counters", json),
      partitions: root.openDB<Partition, PartitionKey>("partitions", json),
      heads: root.openDB<Head, MessageKey>("heads", json),
      values: root.openDB<Uint8Array, MessageKey>("values", { encoding: "binary" }),
      compacted: root.openDB<Uint8Array, CompactedKey>("compacted", { encoding: "binary" }),
      groups: root.openDB<Group, GroupKey>("groups", json),
      positions: root.openDB<Position, PositionKey>("positions", json),
    };
    const identity = identify(root, identities, options.partitions);
    if (identity.format !== BUS_FORMAT) throw new Error(`its format is ${identity.format}, not ${BUS_FORMAT}`);
    checkPartitions(opened);

    const environment = root;
    return {
      path,
      identity,
      ...opened,
      read: (action) => {
        environment.resetReadTxn();
        try {
          return action();
        } catch (error) {
          throw faultOf(error, path);
        }
      },
      transact: async (action) => {
        try {
          // A child transaction is undone where the action throws; a plain one would keep its half.
          return await environment.childTransaction(action);
        } catch (error) {
          throw faultOf(await reasonOf(error), path);
        }
      },
      close: () => environment.close(),
    };
  } catch (cause) {
    await root?.close();
    const { code, message } = cause as { code?: string | number; message: string };
    // Node names what the system refused, lmdb numbers it; what is neither was found in the files.
    const refused = typeof code === "string" || (code ?? 0) > 0;
    throw refused
      ? new Fault("BUS_UNREACHABLE", `The bus in ${path} cannot be opened: ${message}.`, { cause })
      : new Fault("BUS_INVALID", `The folder ${path} is not a bus: ${message}.`, { cause });
  }
}
