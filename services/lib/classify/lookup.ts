import { getU64, isMappedV4 } from "@v6meter/schemas";
import type { AddressTable } from "./address-table.ts";
import type { ExporterTable } from "./exporter-table.ts";
import { isAbsent, isSameAddress, type Rows } from "./rows.ts";

/** Looks up the class of every address: by the prefix tables in force when the row was received. */
export function lookUpAddresses(rows: Rows, table: AddressTable): void {
  const { findings, src_addr, dst_addr, outer_src_addr, outer_dst_addr } = rows;
  for (let row = 0; row < rows.rows; row++) {
    const at = getU64(rows.received_at, row);
    if (at < table.fromMs || at >= table.toMs) table.select(at);
    const version = rows.ip_version[row] as number;
    const noSrc = isAbsent(rows.srcWords, row);
    const noDst = isAbsent(rows.dstWords, row);
    findings.hasAddresses[row] = version === 0 || noSrc || noDst ? 0 : 1;
    // Where one IPv6 address is there the other is really ::, where none is they were not exported.
    const unspecified = version === 6 && noSrc !== noDst;
    findings.srcClass[row] = noSrc && !unspecified ? 0 : classOf(table, version, src_addr, row);
    findings.dstClass[row] = noDst && !unspecified ? 0 : classOf(table, version, dst_addr, row);
    if (isAbsent(rows.outerSrcWords, row) && isAbsent(rows.outerDstWords, row)) {
      findings.outerVersion[row] = 0;
      findings.outerSrcClass[row] = 0;
      findings.outerDstClass[row] = 0;
    } else {
      const outerVersion = isMappedV4(outer_src_addr, row * 16) || isMappedV4(outer_dst_addr, row * 16) ? 4 : 6;
      findings.outerVersion[row] = outerVersion;
      findings.outerSrcClass[row] = classOf(table, outerVersion, outer_src_addr, row);
      findings.outerDstClass[row] = classOf(table, outerVersion, outer_dst_addr, row);
    }
  }
}

function classOf(table: AddressTable, version: number, addresses: Uint8Array, row: number): number {
  if (version === 4) return table.v4.lookup(addresses, row * 16 + 12);
  return version === 6 ? table.v6.lookup(addresses, row * 16) : 0;
}

/** Looks up the exporter and the interfaces of every row. */
export function lookUpPlaces(rows: Rows, table: ExporterTable): void {
  const { findings, exporterWords } = rows;
  let exporter = 0;
  for (let row = 0; row < rows.rows; row++) {
    // Rows come in runs of one datagram.
    if (row === 0 || !isSameAddress(exporterWords, row, row - 1)) exporter = table.exporter(rows.exporter, row * 16);
    const inInterface = table.interface(exporter, rows.in_if[row] as number);
    const outInterface = table.interface(exporter, rows.out_if[row] as number);
    findings.exporter[row] = exporter;
    findings.inInterface[row] = inInterface;
    findings.outInterface[row] = outInterface;
    findings.meteredInterface[row] = rows.direction[row] === 1 ? outInterface : inInterface;
  }
}
