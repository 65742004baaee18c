import { getU64 } from "@v6meter/schemas";
import type { ExporterTable } from "./exporter-table.ts";
import type { Repeats } from "./repeats.ts";
import { isSameAddress, type Rows } from "./rows.ts";

/** What became of the rows of a batch. */
export interface CountedTally {
  /** Rows seen before at their type of observation point. */
  repeats: number;
  /** Rows metered at an interface registered with `counted: false`. */
  interfaceExcluded: number;
}

/**
 * Fills counted: 2 for the first sighting of a flow anywhere, 1 for the first at its type of observation
 * point, 0 for a repeat or an interface that is not counted. A record without both addresses is no flow
 * that could be recognised: it counts. Needs observation_point. `seed`
 * keeps outsiders from choosing flows that fall into one set of slots.
 */
export function fillCounted(
  rows: Rows,
  { interfaces }: ExporterTable,
  repeats: Repeats,
  seed: number,
  tally: CountedTally,
): void {
  for (let from = 0; from < rows.rows; from += CHUNK) {
    const flows = hashFlows(rows, interfaces.notCounted, seed, tally, from, Math.min(from + CHUNK, rows.rows));
    repeats.touch(scratch.low, flows);
    let owner = 0;
    for (let n = 0; n < flows; n++) {
      const row = scratch.row[n] as number;
      const point = rows.observation_point[row] as number;
      const low = scratch.low[n] as number;
      const high = scratch.high[n] as number;
      if (n === 0 || !isOfSameOwner(rows, row, scratch.row[n - 1] as number)) owner = ownerOf(rows, row);
      const count = repeats.sight(low, high, owner, point, getU64(rows.received_at, row));
      if (count === 0) tally.repeats++;
      rows.counted[row] = count;
    }
  }
}

/** Rows whose sets of the table are fetched side by side. */
const CHUNK = 512;
const scratch = { row: new Uint32Array(CHUNK), low: new Uint32Array(CHUNK), high: new Uint32Array(CHUNK) };

/** Hashes of the rows that are flows, into scratch; the others are counted here. Returns how many there are. */
function hashFlows(
  rows: Rows,
  notCounted: Uint8Array,
  seed: number,
  tally: CountedTally,
  from: number,
  to: number,
): number {
  const { findings, srcWords, dstWords, counted } = rows;
  let flows = 0;
  for (let row = from; row < to; row++) {
    if (notCounted[findings.meteredInterface[row] as number] === 1) {
      counted[row] = 0;
      tally.interfaceExcluded++;
      continue;
    }
    counted[row] = 2;
    if (findings.hasAddresses[row] !== 1) continue;
    const version = rows.ip_version[row] as number;
    const ports = ((rows.src_port[row] as number) << 16) | (rows.dst_port[row] as number);
    const protocol = ((rows.protocol[row] as number) << 8) | version;
    let low = mixLow(mixLow(seed, ports), protocol);
    let high = mixHigh(mixHigh(~seed, ports), protocol);
    // An IPv4 address is the last word; the words before it are the same for all.
    for (let word = row * 4 + (version === 4 ? 3 : 0); word < row * 4 + 4; word++) {
      low = mixLow(mixLow(low, srcWords[word] as number), dstWords[word] as number);
      high = mixHigh(mixHigh(high, srcWords[word] as number), dstWords[word] as number);
    }
    scratch.row[flows] = row;
    scratch.low[flows] = finish(low);
    scratch.high[flows] = finish(high);
    flows++;
  }
  return flows;
}

/** Rows come in runs of one datagram: most are of the owner of the row before. */
function isOfSameOwner({ exporterWords, direction }: Rows, row: number, before: number): boolean {
  return direction[row] === direction[before] && isSameAddress(exporterWords, row, before);
}

/** A hash of who metered the row: the exporter, and whether at ingress or egress. */
function ownerOf({ exporterWords, direction }: Rows, row: number): number {
  const at = row * 4;
  let owner = mixLow(direction[row] as number, exporterWords[at] as number);
  owner = mixLow(owner, exporterWords[at + 1] as number);
  owner = mixLow(owner, exporterWords[at + 2] as number);
  return finish(mixLow(owner, exporterWords[at + 3] as number));
}

/** One step of MurmurHash3 (x86, 32 bits); two with other constants make the 64 bits. */
function mixLow(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const mixed = hash ^ k;
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
}

function mixHigh(hash: number, word: number): number {
  let k = Math.imul(word, 0x239b961b);
  k = Math.imul((k << 16) | (k >>> 16), 0xab0e9789);
  const mixed = hash ^ k;
  return (Math.imul((mixed << 17) | (mixed >>> 15), 5) + 0x561ccd1b) | 0;
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
