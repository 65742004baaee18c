import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "@v6meter/random";
import {
  addressBytes,
  createFlowBatch,
  createSessionBatch,
  type FlowBatch,
  SESSION_STATUS_TYPES,
  type SessionBatch,
  setU64,
} from "@v6meter/schemas";

const CITIES = 14;
const OPERATORS = ["telecom", "unicom", "mobile", "broadnet"] as const;
const ACCESS = ["fixed", "fixed", "mobile"] as const;
const V6_BASES = ["240e:30c::", "2408:8230::", "2409:8a14::", "240a:4000::"].map((text) => bytesOf(text));
const V4_BASES = ["59.44.0.0", "113.224.0.0", "223.100.0.0", "175.160.0.0"].map((text) => bytesOf(text));
/** Prefixes of subscribers that no table of the program knows; their regions are the exporters'. */
const PREFIXES = `59.44.0.0/14,telecom,210000,fixed,
113.224.0.0/14,unicom,210000,fixed,
223.100.0.0/14,mobile,210000,fixed,
175.160.0.0/14,broadnet,210000,fixed,
240a:4000::/32,broadnet,210000,fixed,60`;
const RECORDS_PER_DATAGRAM = 16;
const RECORDS_PER_MS = 250;
const REMOTE_ADDRESSES = 20_000;
const WELL_KNOWN_PORTS = [443, 443, 443, 443, 443, 443, 80, 80, 53, 123] as const;

/** Size of the province that the rows come from. */
export interface ProvinceSize {
  readonly exporters: number;
  readonly subscribers: number;
  readonly seed: number;
}

function bytesOf(text: string): Uint8Array {
  const bytes = addressBytes(text);
  if (bytes === null) throw new Error(`${text} is not an address`);
  return bytes;
}

interface Place {
  readonly region: string;
  readonly operator: number;
  readonly access: (typeof ACCESS)[number];
}

function placeOf(exporter: number): Place {
  return {
    region: String(210_100 + 100 * ((exporter >> 2) % CITIES)),
    operator: exporter % OPERATORS.length,
    access: ACCESS[(exporter >> 3) % ACCESS.length] as Place["access"],
  };
}

function exporterAddress(exporter: number): string {
  return `198.18.${exporter >> 8}.${exporter & 255}`;
}

/** Writes the registry of the province's exporters and IPv4 prefixes into a folder. */
export function writeProvinceRegistry(folder: string, { exporters }: ProvinceSize): void {
  const lines = Array.from({ length: exporters }, (_, e) => {
    const { region, operator, access } = placeOf(e);
    return `  - { exporter: ${exporterAddress(e)}, region: "${region}", operator: ${OPERATORS[operator]}, access: ${access}, observation_point: access }`;
  });
  writeFileSync(join(folder, "exporters.yaml"), `exporters:\n${lines.join("\n")}\n`);
  writeFileSync(join(folder, "prefixes.csv"), `prefix,operator,region,access,subscriber_prefix_length\n${PREFIXES}\n`);
}

/**
 * Rows as a province's access routers export them, seeded: subscribers with one IPv6 /60 and one IPv4 address each,
 * far sides of a skewed popularity, 16 records a datagram, one packet in 1,000 sampled. Not a model of habits:
 * what costs the classifier and the engine is how many different values stand in which columns.
 */
export class ProvinceRows {
  readonly #size: ProvinceSize;
  readonly #random: Random;
  readonly #exporters: Uint8Array[];
  readonly #remotes: { readonly bytes: Uint8Array; readonly as: number }[];
  #nowMs: number;

  constructor(size: ProvinceSize, fromMs: number) {
    this.#size = size;
    this.#random = new Random(size.seed);
    this.#nowMs = fromMs;
    this.#exporters = Array.from({ length: size.exporters }, (_, e) => bytesOf(exporterAddress(e)));
    this.#remotes = Array.from({ length: REMOTE_ADDRESSES }, (_, i) => this.#remote(i));
  }

  /** Two of three by IPv6, from 300 /48; IPv4 from some thousand /24. */
  #remote(i: number): { bytes: Uint8Array; as: number } {
    const random = this.#random;
    const network = random.below(300);
    const host = random.u32();
    const text =
      i % 3 === 0
        ? `${20 + (network % 80)}.${random.below(40)}.${random.below(256)}.${host & 255}`
        : `2400:${(0x3000 + network).toString(16)}:${(network * 7).toString(16)}:${random.below(16).toString(16)}::${(host & 0xffff).toString(16)}`;
    return { bytes: bytesOf(text), as: 4_000 + network };
  }

  /** The subscriber's address as the exporter sees it; its host part changes as privacy addresses do. */
  #putSubscriber(column: Uint8Array, row: number, subscriber: number, exporter: number, v6: boolean): void {
    const { operator } = placeOf(exporter);
    const at = row * 16;
    if (v6) {
      column.set(V6_BASES[operator] as Uint8Array, at);
      putPrefixNumber(column, at, subscriber);
      for (let i = 8; i < 16; i++) column[at + i] = (subscriber * 31 + i * 17 + this.#random.below(3)) & 255;
    } else {
      column.set(V4_BASES[operator] as Uint8Array, at);
      putV4Number(column, at, subscriber);
    }
  }

  /** The next `rows` rows, in a batch of their own. */
  next(rows: number): FlowBatch {
    const batch = createFlowBatch(rows);
    for (let row = 0; row < rows; row += RECORDS_PER_DATAGRAM)
      this.#datagram(batch, row, Math.min(RECORDS_PER_DATAGRAM, rows - row));
    batch.rows = rows;
    return batch;
  }

  #datagram(batch: FlowBatch, from: number, count: number): void {
    const { columns: c } = batch;
    const random = this.#random;
    const { exporters, subscribers } = this.#size;
    const exporter = random.below(exporters);
    this.#nowMs += count / RECORDS_PER_MS;
    const receivedMs = Math.floor(this.#nowMs);
    for (let row = from; row < from + count; row++) {
      setU64(c.received_at, row, receivedMs);
      const endMs = receivedMs - random.below(15_000);
      setU64(c.end_at, row, endMs);
      setU64(c.start_at, row, endMs - random.below(60_000));
      c.exporter.set(this.#exporters[exporter] as Uint8Array, row * 16);
      c.version[row] = exporter % 2 === 0 ? 10 : 9;
      const subscriber = random.below(Math.ceil(subscribers / exporters)) * exporters + exporter;
      // The square of a uniform number: a tenth of the far sides has a third of the flows.
      const popularity = random.next();
      const remote = this.#remotes[Math.floor(popularity * popularity * REMOTE_ADDRESSES)] as {
        bytes: Uint8Array;
        as: number;
      };
      const v6 = remote.bytes[0] !== 0;
      c.ip_version[row] = v6 ? 6 : 4;
      const up = random.next() < 0.45;
      this.#putSubscriber(up ? c.src_addr : c.dst_addr, row, subscriber, exporter, v6);
      (up ? c.dst_addr : c.src_addr).set(remote.bytes, row * 16);
      const far =
        random.next() < 0.9
          ? (WELL_KNOWN_PORTS[random.below(WELL_KNOWN_PORTS.length)] as number)
          : 1_024 + random.below(60_000);
      const near = 1_024 + random.below(60_000);
      c.src_port[row] = up ? near : far;
      c.dst_port[row] = up ? far : near;
      c.protocol[row] = random.next() < 0.6 ? 6 : 17;
      c.tcp_flags[row] = c.protocol[row] === 6 ? (random.below(4) === 0 ? 0x1b : 0x18) : 0;
      const packets = 1 + Math.floor(-Math.log(1 - random.next()) * 2);
      c.packets[row * 2] = packets;
      c.bytes[row * 2] = packets * (up ? 60 + random.below(200) : 400 + random.below(1_100));
      c.sampling_rate[row] = 1_000;
      c.in_if[row] = up ? 1 + random.below(8) : 100;
      c.out_if[row] = up ? 100 : 1 + random.below(8);
      (up ? c.dst_as : c.src_as)[row] = remote.as;
      (up ? c.src_mask : c.dst_mask)[row] = v6 ? 32 : 14;
      (up ? c.dst_mask : c.src_mask)[row] = v6 ? 48 : 20;
      c.next_hop.set(this.#exporters[(exporter + 1) % exporters] as Uint8Array, row * 16);
    }
  }

  /** A Start of a session with both prefixes for seven subscribers of ten: elsewhere AAA is not told. */
  *sessions(atMs: number, rows = 8_192): Generator<SessionBatch> {
    const { subscribers, exporters } = this.#size;
    let batch = createSessionBatch(rows);
    const words = { operator: ["unknown", ...OPERATORS], region: ["unknown"], access: ["unknown", "fixed", "mobile"] };
    for (let city = 0; city < CITIES; city++) words.region.push(String(210_100 + 100 * city));
    batch.labels = words;
    for (let subscriber = 0; subscriber < subscribers; subscriber++) {
      if (subscriber % 10 >= 7) continue;
      const { columns: c, rows: row } = batch;
      const { region, operator, access } = placeOf(subscriber % exporters);
      setU64(c.received_at, row, atMs);
      setU64(c.event_at, row, atMs);
      c.status_type[row] = SESSION_STATUS_TYPES.start;
      c.nas[row * 2] = 1 + (subscriber % exporters);
      c.session[row * 2] = scattered(subscriber);
      c.session[row * 2 + 1] = 1;
      c.subscriber[row * 2] = scattered(subscriber + 1);
      c.subscriber[row * 2 + 1] = scattered(~subscriber);
      c.operator[row] = words.operator.indexOf(OPERATORS[operator] as string);
      c.region[row] = words.region.indexOf(region);
      c.access[row] = words.access.indexOf(access);
      c.framed_ip_address.set(V4_BASES[operator] as Uint8Array, row * 16);
      putV4Number(c.framed_ip_address, row * 16, subscriber);
      c.delegated_ipv6_prefix.set(V6_BASES[operator] as Uint8Array, row * 16);
      putPrefixNumber(c.delegated_ipv6_prefix, row * 16, subscriber);
      c.delegated_ipv6_prefix_length[row] = 60;
      batch.rows++;
      if (batch.rows < rows) continue;
      yield batch;
      batch = createSessionBatch(rows);
      batch.labels = words;
    }
    if (batch.rows > 0) yield batch;
  }
}

/** A permutation of 32 bits (MurmurHash3's last step), as keyed hashes lie anywhere. */
function scattered(number: number): number {
  let mixed = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** The number of a /60 below a /32, within one of 28 bits. */
function putPrefixNumber(column: Uint8Array, at: number, number: number): void {
  column[at + 4] = number >>> 20;
  column[at + 5] = number >>> 12;
  column[at + 6] = number >>> 4;
  column[at + 7] = (number & 15) << 4;
}

/** The number of an address below a /14. */
function putV4Number(column: Uint8Array, at: number, number: number): void {
  column[at + 13] = (column[at + 13] as number) + ((number >>> 16) & 3);
  column[at + 14] = number >>> 8;
  column[at + 15] = number;
}
