import { isMappedV4 } from "@v6meter/schemas";
import { type AddressTable, PRIVATE, roleBit, SPECIAL } from "./address-table.ts";
import type { Rows } from "./rows.ts";
import { POINT_IS_ACCESS, technologyIndex } from "./vocabulary-index.ts";

const UNKNOWN = technologyIndex("unknown");
const GTP_U = technologyIndex("gtp_u");
const DS_LITE = technologyIndex("ds_lite");
const MAP_E = technologyIndex("map_e");
const TUNNEL_UNKNOWN = technologyIndex("tunnel_unknown");
const MAP_T = technologyIndex("map_t");
const XLAT_464 = technologyIndex("464xlat");
const NAT64 = technologyIndex("nat64");
const SIX_TO_4 = technologyIndex("6to4");
const TEREDO = technologyIndex("teredo");
const SIX_RD = technologyIndex("6rd");
const ISATAP = technologyIndex("isatap");
const SIX_IN_4 = technologyIndex("6in4");
const V4_MAPPED = technologyIndex("v4_mapped");
const SPECIAL_ADDRESS = technologyIndex("special");
const NATIVE = technologyIndex("native");

const IS_AFTR = roleBit("ds_lite_aftr");
const IS_MAP_E_BR = roleBit("map_e_br");
const IS_SID = roleBit("srv6_sids");
const IS_MAP_T = roleBit("map_t_rules");
const IS_PLAT = roleBit("464xlat_plat");
const IS_NAT64 = roleBit("nat64_prefixes");
const IS_6TO4 = roleBit("6to4_prefixes");
const IS_6TO4_RELAY = roleBit("6to4_relays");
const IS_TEREDO = roleBit("teredo_prefixes");
const IS_6RD = roleBit("6rd_prefixes");
const IS_6RD_BR = roleBit("6rd_br");

/** IANA protocol numbers; ROUTING is the IPv6 routing header, which carries SRv6 (RFC 8754). */
const IPV4 = 4;
const UDP = 17;
const IPV6 = 41;
const ROUTING = 43;
const GRE = 47;

/** UDP ports of GTP-U (3GPP TS 29.281 §4.4.2) and Teredo (RFC 4380 §2.7). */
const GTP_U_PORT = 2152;
const TEREDO_PORT = 3544;

/**
 * Fills family and technology: the rules of domain.md section 3 in the order of TECHNOLOGIES, the first
 * match wins. The user's packet is classified; where it is within a tunnel and exported, the tunnel's
 * header only tells how it travels. Needs observation_point. Bench: bench.ts.
 */
export function fillTechnology(rows: Rows, table: AddressTable): void {
  const { ip_version, family, technology } = rows;
  for (let row = 0; row < rows.rows; row++) {
    const version = ip_version[row] as number;
    family[row] = version === 4 || version === 6 ? version : 0;
    if (version === 4) technology[row] = technologyOfV4(rows, table, row);
    else technology[row] = version === 6 ? technologyOfV6(rows, table, row) : UNKNOWN;
  }
}

function technologyOfV4(rows: Rows, table: AddressTable, row: number): number {
  const { findings } = rows;
  const protocol = rows.protocol[row] as number;
  if (protocol === UDP && hasPort(rows, row, GTP_U_PORT)) return GTP_U;
  if (findings.outerVersion[row] === 6) {
    const outer = outerRoles(rows, table, row);
    if (outer & IS_AFTR) return DS_LITE;
    if (outer & IS_MAP_E_BR) return MAP_E;
  }
  if (protocol === IPV6) {
    const roles = ownRoles(rows, table, row);
    if (roles & IS_6TO4_RELAY) return SIX_TO_4;
    return roles & IS_6RD_BR ? SIX_RD : SIX_IN_4;
  }
  if (protocol === UDP && hasPort(rows, row, TEREDO_PORT)) return TEREDO;
  return specialOrNative(rows, table, row);
}

function technologyOfV6(rows: Rows, table: AddressTable, row: number): number {
  const { findings } = rows;
  const protocol = rows.protocol[row] as number;
  if (protocol === UDP && hasPort(rows, row, GTP_U_PORT)) return GTP_U;
  const roles = ownRoles(rows, table, row);
  const outerVersion = findings.outerVersion[row];
  // With a tunnel header exported but not its protocol, `protocol` is the tunnel's; else the packet's own.
  const isTunnel =
    (protocol === IPV4 || protocol === IPV6 || protocol === ROUTING) &&
    (outerVersion === 0 || rows.outer_protocol[row] !== 0);
  if (isTunnel && protocol === IPV4) {
    if (roles & IS_AFTR) return DS_LITE;
    if (roles & IS_MAP_E_BR) return MAP_E;
  }
  if (isTunnel || roles & IS_SID) return TUNNEL_UNKNOWN;
  // The header of an IPv4 tunnel tells what the inner addresses do not.
  const outer = outerVersion === 4 ? outerRoles(rows, table, row) : 0;
  if (roles & IS_MAP_T) return MAP_T;
  if (roles & IS_PLAT) return XLAT_464;
  if (roles & IS_NAT64) return NAT64;
  if (roles & IS_6TO4 || outer & IS_6TO4_RELAY) return SIX_TO_4;
  if (roles & IS_TEREDO) return TEREDO;
  if (roles & IS_6RD || outer & IS_6RD_BR) return SIX_RD;
  if (isIsatap(rows.src_addr, row * 16) || isIsatap(rows.dst_addr, row * 16)) return ISATAP;
  if (outerVersion === 4 && isV6InV4(rows.outer_protocol[row] as number)) return SIX_IN_4;
  if (isMappedV4(rows.src_addr, row * 16) || isMappedV4(rows.dst_addr, row * 16)) return V4_MAPPED;
  return specialOrNative(rows, table, row);
}

function hasPort(rows: Rows, row: number, port: number): boolean {
  return rows.src_port[row] === port || rows.dst_port[row] === port;
}

function ownRoles(rows: Rows, table: AddressTable, row: number): number {
  const { srcClass, dstClass } = rows.findings;
  return (table.roles[srcClass[row] as number] as number) | (table.roles[dstClass[row] as number] as number);
}

function outerRoles(rows: Rows, table: AddressTable, row: number): number {
  const { outerSrcClass, outerDstClass } = rows.findings;
  return (table.roles[outerSrcClass[row] as number] as number) | (table.roles[outerDstClass[row] as number] as number);
}

/** RFC 5214 §6.1: the interface identifier is ::0:5efe:v4 or ::200:5efe:v4. */
function isIsatap(address: Uint8Array, at: number): boolean {
  return (
    address[at + 10] === 0x5e &&
    address[at + 11] === 0xfe &&
    address[at + 9] === 0 &&
    ((address[at + 8] as number) & 0xfd) === 0
  );
}

/** GRE that carries IPv6 over IPv4 is no more native than protocol 41; UDP tunnels are the operator's own. */
function isV6InV4(outerProtocol: number): boolean {
  return outerProtocol === IPV6 || outerProtocol === GRE || outerProtocol === 0;
}

function specialOrNative(rows: Rows, table: AddressTable, row: number): number {
  const { srcClass, dstClass } = rows.findings;
  const src = table.special[srcClass[row] as number];
  const dst = table.special[dstClass[row] as number];
  if (src === SPECIAL || dst === SPECIAL) return SPECIAL_ADDRESS;
  const isPrivate = src === PRIVATE || dst === PRIVATE;
  return isPrivate && !POINT_IS_ACCESS[rows.observation_point[row] as number] ? SPECIAL_ADDRESS : NATIVE;
}
