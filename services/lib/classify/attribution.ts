import { type AddressTable, PRIVATE } from "./address-table.ts";
import type { ExporterTable } from "./exporter-table.ts";
import type { PairTable } from "./pair-table.ts";
import { type Rows, SUBSCRIBER_ADDRESSES } from "./rows.ts";
import { directionIndex, POINT_IS_ACCESS, technologyIndex } from "./vocabulary-index.ts";

const UNKNOWN = directionIndex("unknown");
const UP = directionIndex("up");
const DOWN = directionIndex("down");
const LOCAL = directionIndex("local");
const TRANSIT = directionIndex("transit");
const DS_LITE = technologyIndex("ds_lite");
const MAP_E = technologyIndex("map_e");
/** The destination's number follows the source's. */
const { none: NO_ADDRESS, src: SRC, outerSrc: OUTER_SRC } = SUBSCRIBER_ADDRESSES;

/**
 * Fills flow_direction, region, operator and access. The subscriber side is told by the interfaces'
 * sides, else by which address is a subscriber's of this province. Each attribute is the subscriber
 * side's, by the first that tells: interface, exporter, operators' prefix tables, built-in prefixes,
 * and for the operator, last, the ASN: parts of one operator's prefixes are announced by another.
 * Needs technology. Bench: bench.ts.
 */
export function fillAttribution(rows: Rows, addresses: AddressTable, places: ExporterTable, asns: PairTable): void {
  const { findings, technology, region, operator, access } = rows;
  const { exporters, interfaces } = places;
  for (let row = 0; row < rows.rows; row++) {
    // IPv4 within DS-Lite or MAP-E is private or shared: the subscriber is known by the tunnel's address.
    const byTunnel = findings.outerVersion[row] === 6 && (technology[row] === DS_LITE || technology[row] === MAP_E);
    const src = (byTunnel ? findings.outerSrcClass[row] : findings.srcClass[row]) as number;
    const dst = (byTunnel ? findings.outerDstClass[row] : findings.dstClass[row]) as number;
    const direction = directionOf(rows, addresses, places, row, src, dst);
    rows.flow_direction[row] = direction;
    const down = direction === DOWN;
    const sided = down || direction === UP || direction === LOCAL;
    findings.subscriberAddress[row] = sided ? (byTunnel ? OUTER_SRC : SRC) + Number(down) : NO_ADDRESS;

    // What lies on the subscriber side; without one, either side may tell the operator, the source first.
    const near = down ? dst : src;
    const far = sided ? 0 : dst;
    const nearAs = (down ? rows.dst_as[row] : rows.src_as[row]) as number;
    const farAs = sided ? 0 : (rows.dst_as[row] as number);
    const place = sided ? near : 0;
    const face = (down ? findings.outInterface[row] : findings.inInterface[row]) as number;
    const otherFace = sided ? 0 : (findings.outInterface[row] as number);
    const exporter = findings.exporter[row] as number;
    region[row] =
      (interfaces.region[face] as number) ||
      (interfaces.region[otherFace] as number) ||
      (exporters.region[exporter] as number) ||
      (addresses.region[place] as number);
    access[row] =
      (interfaces.access[face] as number) ||
      (interfaces.access[otherFace] as number) ||
      (exporters.access[exporter] as number) ||
      (addresses.access[place] as number);
    operator[row] =
      (interfaces.operator[face] as number) ||
      (interfaces.operator[otherFace] as number) ||
      (exporters.operator[exporter] as number) ||
      (addresses.operator[near] as number) ||
      (addresses.operator[far] as number) ||
      asns.get(0, nearAs) ||
      asns.get(0, farAs);
  }
}

function directionOf(
  rows: Rows,
  addresses: AddressTable,
  places: ExporterTable,
  row: number,
  src: number,
  dst: number,
): number {
  const { subscriberSide } = places.interfaces;
  const inSide = subscriberSide[rows.findings.inInterface[row] as number];
  const outSide = subscriberSide[rows.findings.outInterface[row] as number];
  if (inSide) return outSide ? LOCAL : UP;
  if (outSide) return DOWN;
  if (rows.family[row] === 0) return UNKNOWN;
  const inAccess = POINT_IS_ACCESS[rows.observation_point[row] as number] === 1;
  const srcSide = addresses.subscriber[src] === 1 || (inAccess && addresses.special[src] === PRIVATE);
  const dstSide = addresses.subscriber[dst] === 1 || (inAccess && addresses.special[dst] === PRIVATE);
  if (srcSide) return dstSide ? LOCAL : UP;
  return dstSide ? DOWN : TRANSIT;
}
