import {
  createSessionBatch,
  resetSessionBatch,
  SESSION_STATUS_TYPES,
  type SessionBatch,
  type SessionLabels,
  setU64,
} from "@v6meter/schemas";
import type { CellAddresses } from "./addresses.ts";
import { PORT_BLOCK, type PopulationCell } from "./cells.ts";
import { mix } from "./chance.ts";
import { HALVES, IPV4_KINDS, OCTETS, STATES, type Subscribers, TRAITS, WORDS } from "./subscribers.ts";

/** Takes what accounting is told of a subscriber's session; its state is read before it changes. */
export interface SessionFeed {
  /** `atMs` is when it happened. */
  tell(status: number, subscriber: number, atMs: number): void;
}

const BATCH_EVENTS = 65_536;

/** The address columns of a batch, to be written word by word. */
interface BatchWords {
  readonly client: DataView;
  readonly ipv4: DataView;
  readonly prefix: DataView;
  readonly delegated: DataView;
}

/** Events of one step as the columns a session collector publishes. */
export interface SessionColumnsFeed extends SessionFeed {
  /** The batches filled since the last call; they are filled again after the next one. */
  take(): readonly SessionBatch[];
}

/** What identifies a subscriber in accounting (User-Name). */
export function identityOf({ network }: PopulationCell, subscriber: number): string {
  return `${network.access}-${subscriber}@${network.operator}.example`;
}

/** What a feed of sessions is made of. */
export interface SessionFeedOptions {
  readonly cells: readonly PopulationCell[];
  readonly addresses: readonly CellAddresses[];
  readonly subscribers: Subscribers;
  readonly fromMs: number;
  /** The time that is told of a moment of the simulation. */
  readonly clock: (ms: number) => number;
}

/**
 * Writes session events into columns. `hash` is asked once for each identity that accounting tells of; without
 * it identities become numbers that are stable and belong to no key.
 */
export function createSessionColumnsFeed(
  { cells, addresses, subscribers, fromMs, clock }: SessionFeedOptions,
  hash?: (identity: string) => bigint,
): SessionColumnsFeed {
  const hashes = hash ? new Uint32Array(2 * subscribers.count) : null;
  if (hash && hashes)
    for (const cell of cells.filter(({ aaa }) => aaa))
      for (let s = cell.first; s < cell.first + cell.count; s++) {
        const value = hash(identityOf(cell, s));
        hashes[2 * s] = Number(value & 0xffff_ffffn);
        hashes[2 * s + 1] = Number(value >> 32n);
      }
  const words = {
    operator: [...new Set(["unknown", ...cells.map(({ network }) => network.operator)])],
    region: [...new Set(["unknown", ...cells.map(({ region }) => region.code)])],
    access: [...new Set(["unknown", ...cells.map(({ network }) => network.access)])],
  } satisfies SessionLabels;
  const places = cells.map(({ network, region, index, clientBytes }) => ({
    operator: words.operator.indexOf(network.operator),
    region: words.region.indexOf(region.code),
    access: words.access.indexOf(network.access),
    client: new DataView(clientBytes.buffer, clientBytes.byteOffset).getUint32(12),
    nasLow: mix(index, 0x6e6173),
    nasHigh: mix(index, 0x6e6174),
  }));

  const free: SessionBatch[] = [];
  let taken: SessionBatch[] = [];
  let filled: SessionBatch[] = [];
  let batch: SessionBatch | null = null;
  const views = new WeakMap<SessionBatch, BatchWords>();
  const begin = (): SessionBatch => {
    const next = free.pop() ?? createSessionBatch(BATCH_EVENTS);
    if (!views.has(next)) {
      const view = (column: Uint8Array) => new DataView(column.buffer, column.byteOffset);
      views.set(next, {
        client: view(next.columns.client),
        ipv4: view(next.columns.framed_ip_address),
        prefix: view(next.columns.framed_ipv6_prefix),
        delegated: view(next.columns.delegated_ipv6_prefix),
      });
    }
    next.labels = words;
    filled.push(next);
    return next;
  };
  let at: BatchWords | null = null;

  return {
    tell(status, s, happenedMs) {
      const atMs = clock(happenedMs);
      if (batch === null || batch.rows === batch.capacity) {
        batch = begin();
        at = views.get(batch) as typeof at;
      }
      const { columns } = batch;
      const row = batch.rows++;
      const words32 = at as NonNullable<typeof at>;
      const c = subscribers.cell[HALVES * s] as number;
      const cell = cells[c] as PopulationCell;
      const place = places[c] as (typeof places)[number];
      const own = addresses[c] as CellAddresses;
      const startedAt = subscribers.startedAt[WORDS * s] as number;
      setU64(columns.received_at, row, atMs + (mix(s, startedAt) & 0xff));
      setU64(columns.event_at, row, atMs);
      setU64(columns.started_at, row, clock(fromMs + 10 * startedAt));
      columns.status_type[row] = status;
      words32.client.setUint32(16 * row + 8, 0xffff);
      words32.client.setUint32(16 * row + 12, place.client);
      columns.nas[2 * row] = place.nasLow;
      columns.nas[2 * row + 1] = place.nasHigh;
      columns.session[2 * row] = mix(s, startedAt);
      columns.session[2 * row + 1] = mix(startedAt, s ^ 0x5e5510);
      columns.subscriber[2 * row] = hashes ? (hashes[2 * s] as number) : mix(s, 0x10);
      columns.subscriber[2 * row + 1] = hashes ? (hashes[2 * s + 1] as number) : mix(s, 0x11);
      columns.operator[row] = place.operator;
      columns.region[row] = place.region;
      columns.access[row] = place.access;
      const kind = (subscribers.traits[OCTETS * s] as number) & TRAITS.ipv4;
      if (kind !== IPV4_KINDS.none) {
        const number = subscribers.ipv4[WORDS * s] as number;
        words32.ipv4.setUint16(16 * row + 10, 0xffff);
        words32.ipv4.setUint32(16 * row + 12, own.toldIpv4(kind, number));
        if (kind === IPV4_KINDS.port_block) {
          columns.port_first[row] = own.firstPort(number);
          columns.port_last[row] = own.firstPort(number) + PORT_BLOCK.ports - 1;
        }
      }
      if ((subscribers.state[OCTETS * s] as number) & STATES.ipv6) {
        const number = subscribers.prefix[WORDS * s] as number;
        const { prefix_length } = cell.network;
        if (cell.wan || prefix_length === 64) {
          words32.prefix.setUint32(16 * row, own.ipv6High);
          words32.prefix.setUint32(16 * row + 4, cell.wan ? own.wanLow(number) : own.prefixLow(number));
          columns.framed_ipv6_prefix_length[row] = 64;
        }
        if (prefix_length !== 64) {
          words32.delegated.setUint32(16 * row, own.ipv6High);
          words32.delegated.setUint32(16 * row + 4, own.prefixLow(number));
          columns.delegated_ipv6_prefix_length[row] = prefix_length;
        }
      }
      if (status !== SESSION_STATUS_TYPES.start) {
        const { octets } = subscribers;
        setU64(columns.input_octets, row, 1_024 * (octets[WORDS * s] as number));
        setU64(columns.output_octets, row, 1_024 * (octets[WORDS * s + 1] as number));
        setU64(columns.ipv6_input_octets, row, 1_024 * (octets[WORDS * s + 2] as number));
        setU64(columns.ipv6_output_octets, row, 1_024 * (octets[WORDS * s + 3] as number));
        columns.octets_told[row] = 3;
      }
    },
    take() {
      for (const used of taken) {
        resetSessionBatch(used);
        free.push(used);
      }
      taken = filled;
      filled = [];
      batch = null;
      return taken;
    },
  };
}
