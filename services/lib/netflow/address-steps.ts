import type { AddressColumn, Place } from "./place.ts";
import type { ColumnStep, RecordRun } from "./record-run.ts";

/* How addresses, and what goes by their family, get into their columns. Bench: infra/bench. */

function putIpv4(target: DataView, row: number, view: DataView, at: number): void {
  target.setUint32(row * 16 + 8, 0xffff);
  target.setUint32(row * 16 + 12, view.getUint32(at));
}

// Two words of 64 bits: the engine moves them without making BigInts, in half the time of four of 32.
function putIpv6(target: DataView, row: number, view: DataView, at: number): void {
  target.setBigUint64(row * 16, view.getBigUint64(at, true), true);
  target.setBigUint64(row * 16 + 8, view.getBigUint64(at + 8, true), true);
}

/** IPv4 as ::ffff:a.b.c.d; the rows' addresses must still be zero. */
export function copyIpv4(name: AddressColumn, offset: number): ColumnStep {
  return (run) => {
    const target = run.addresses[name];
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at + offset; i < count; i++, p += stride) putIpv4(target, row + i, view, p);
  };
}

/** IPv6 as it is. */
export function copyIpv6(name: AddressColumn, offset: number): ColumnStep {
  return (run) => {
    const target = run.addresses[name];
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at + offset; i < count; i++, p += stride) putIpv6(target, row + i, view, p);
  };
}

/** The IP version of layouts that have addresses of one family only. */
export function fillIpVersion(version: 4 | 6): ColumnStep {
  return (run) => {
    const column = run.columns.ip_version;
    const { row, count } = run;
    for (let i = 0; i < count; i++) column[row + i] = version;
  };
}

function isZero(view: DataView, at: number, words: number): boolean {
  for (let i = 0; i < words; i++) if (view.getUint32(at + 4 * i) !== 0) return false;
  return true;
}

function sameAddress(view: DataView, a: number, b: number, words: number): boolean {
  for (let i = 0; i < words; i++) if (view.getUint32(a + 4 * i) !== view.getUint32(b + 4 * i)) return false;
  return true;
}

/** Places of the addresses of a template that has both families; null where one is not there. */
export interface MixedAddresses {
  readonly src4: Place | null;
  readonly dst4: Place | null;
  readonly src6: Place | null;
  readonly dst6: Place | null;
  /** Which family's source comes last in the record: the inner one of a tunnel (RFC 7011 §8). */
  readonly lastFamily: 4 | 6;
  /** IE 60, where it is exported. */
  readonly ipVersion: Place | null;
}

/**
 * Templates with addresses of both families. The family whose addresses are not zero is the record's.
 * Where both are, it is a tunnel: the one that comes last is the user's packet, the other goes to the
 * outer columns. IE 60 settles records that are no tunnel.
 */
export function copyMixedAddresses(places: MixedAddresses): ColumnStep {
  const { src4, dst4, src6, dst6, lastFamily, ipVersion } = places;
  return (run) => {
    const { src_addr, dst_addr, outer_src_addr, outer_dst_addr } = run.addresses;
    const versions = run.columns.ip_version;
    const { view, stride, count } = run;
    for (let i = 0, p = run.at; i < count; i++, p += stride) {
      const row = run.row + i;
      const zero4 =
        (src4 === null || isZero(view, p + src4.offset, 1)) && (dst4 === null || isZero(view, p + dst4.offset, 1));
      const zero6 =
        (src6 === null || isZero(view, p + src6.offset, 4)) && (dst6 === null || isZero(view, p + dst6.offset, 4));
      let version: number = zero6 ? 4 : zero4 ? 6 : lastFamily;
      if (zero4 || zero6) {
        if (ipVersion !== null) {
          const exported = view.getUint8(p + ipVersion.offset + ipVersion.length - 1);
          if (exported === 4 || exported === 6) version = exported;
        }
      } else if (version === 4) {
        if (src6 !== null) putIpv6(outer_src_addr, row, view, p + src6.offset);
        if (dst6 !== null) putIpv6(outer_dst_addr, row, view, p + dst6.offset);
      } else {
        if (src4 !== null) putIpv4(outer_src_addr, row, view, p + src4.offset);
        if (dst4 !== null) putIpv4(outer_dst_addr, row, view, p + dst4.offset);
      }
      versions[row] = version;
      if (version === 4) {
        if (src4 !== null) putIpv4(src_addr, row, view, p + src4.offset);
        if (dst4 !== null) putIpv4(dst_addr, row, view, p + dst4.offset);
      } else {
        if (src6 !== null) putIpv6(src_addr, row, view, p + src6.offset);
        if (dst6 !== null) putIpv6(dst_addr, row, view, p + dst6.offset);
      }
    }
  };
}

/** An address element that occurs twice with different values: the first is the tunnel's (RFC 7011 §8). */
export function copyOuterAddress(
  name: "outer_src_addr" | "outer_dst_addr",
  first: Place,
  last: Place,
  family: 4 | 6,
): ColumnStep {
  return (run) => {
    const target = run.addresses[name];
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at; i < count; i++, p += stride) {
      if (sameAddress(view, p + first.offset, p + last.offset, family === 4 ? 1 : 4)) continue;
      if (family === 6) putIpv6(target, row + i, view, p + first.offset);
      else if (isZero(target, (row + i) * 16, 4)) putIpv4(target, row + i, view, p + first.offset);
    }
  };
}

/** A protocol that occurs twice with different values: the first is the tunnel header's. */
export function copyOuterProtocol(first: Place, last: Place): ColumnStep {
  const firstAt = first.offset + first.length - 1;
  const lastAt = last.offset + last.length - 1;
  return (run) => {
    const column = run.columns.outer_protocol;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at; i < count; i++, p += stride) {
      const outer = view.getUint8(p + firstAt);
      if (outer !== view.getUint8(p + lastAt)) column[row + i] = outer;
    }
  };
}

/** Runs one step for the rows of version 6 and another for the rest, a row at a time. */
export function byIpVersion(v4: ColumnStep | null, v6: ColumnStep | null): ColumnStep {
  return (run) => {
    const { at, row, count, stride } = run;
    const versions = run.columns.ip_version;
    run.count = 1;
    for (let i = 0; i < count; i++) {
      run.row = row + i;
      run.at = at + i * stride;
      const step = versions[run.row] === 6 ? v6 : v4;
      if (step !== null) step(run);
    }
    run.at = at;
    run.row = row;
    run.count = count;
  };
}

/** What all rows of a run share: when and from where they came. */
export function stampRows(run: RecordRun): void {
  const { row, count, domain, version, exporter } = run;
  const { received_at, observation_domain, version: versions } = run.columns;
  const low = run.receivedAtMs >>> 0;
  const high = (run.receivedAtMs / 4_294_967_296) >>> 0;
  const target = run.addresses.exporter;
  for (let i = row; i < row + count; i++) {
    received_at[i * 2] = low;
    received_at[i * 2 + 1] = high;
    observation_domain[i] = domain;
    versions[i] = version;
    putIpv6(target, i, exporter, 0);
  }
}
