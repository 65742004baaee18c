import { columnIndex, type Place, type U8Column, type U16Column, type U32Column, type U64Column } from "./place.ts";
import type { ColumnStep } from "./record-run.ts";
import { readUnsigned } from "./record-walk.ts";

/*
 * How integers get into their columns, for all records of a run: big-endian, and shorter than their type
 * where the exporter saves bytes (RFC 7011 §6.2); of longer ones the low-order bytes are kept. Every step
 * is a loop of its own over typed arrays. Bench: infra/bench.
 */

/** Copies an integer to a column of 8 bits. */
export function copyU8(name: U8Column, place: Place): ColumnStep {
  const index = columnIndex(name);
  const at = place.offset + place.length - 1;
  return (run) => {
    const column = run.arrays[index] as Uint8Array;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at + at; i < count; i++, p += stride) column[row + i] = view.getUint8(p);
  };
}

/** Copies an integer to a column of 16 bits. */
export function copyU16(name: U16Column, place: Place): ColumnStep {
  const index = columnIndex(name);
  if (place.length === 1) {
    return (run) => {
      const column = run.arrays[index] as Uint16Array;
      const { view, stride, row, count } = run;
      for (let i = 0, p = run.at + place.offset; i < count; i++, p += stride) column[row + i] = view.getUint8(p);
    };
  }
  const at = place.offset + place.length - 2;
  return (run) => {
    const column = run.arrays[index] as Uint16Array;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at + at; i < count; i++, p += stride) column[row + i] = view.getUint16(p);
  };
}

/** Copies an integer to a column of 32 bits. */
export function copyU32(name: U32Column, place: Place): ColumnStep {
  const index = columnIndex(name);
  const { offset, length } = place;
  if (length >= 4) {
    const at = offset + length - 4;
    return (run) => {
      const column = run.arrays[index] as Uint32Array;
      const { view, stride, row, count } = run;
      for (let i = 0, p = run.at + at; i < count; i++, p += stride) column[row + i] = view.getUint32(p);
    };
  }
  if (length === 2) {
    return (run) => {
      const column = run.arrays[index] as Uint32Array;
      const { view, stride, row, count } = run;
      for (let i = 0, p = run.at + offset; i < count; i++, p += stride) column[row + i] = view.getUint16(p);
    };
  }
  return (run) => {
    const column = run.arrays[index] as Uint32Array;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at + offset; i < count; i++, p += stride) column[row + i] = readUnsigned(view, p, length);
  };
}

/** Copies an integer to a column of 64 bits, exact to the last bit. */
export function copyU64(name: U64Column, place: Place): ColumnStep {
  const index = columnIndex(name);
  const { offset, length } = place;
  if (length === 4) {
    return (run) => {
      const column = run.arrays[index] as Uint32Array;
      const { view, stride, row, count } = run;
      for (let i = 0, p = run.at + offset; i < count; i++, p += stride) column[(row + i) * 2] = view.getUint32(p);
    };
  }
  if (length === 8) {
    return (run) => {
      const column = run.arrays[index] as Uint32Array;
      const { view, stride, row, count } = run;
      for (let i = 0, p = run.at + offset; i < count; i++, p += stride) {
        column[(row + i) * 2] = view.getUint32(p + 4);
        column[(row + i) * 2 + 1] = view.getUint32(p);
      }
    };
  }
  const low = Math.min(length, 4);
  const high = Math.min(length, 8) - low;
  const lowAt = offset + length - low;
  const highAt = lowAt - high;
  return (run) => {
    const column = run.arrays[index] as Uint32Array;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at; i < count; i++, p += stride) {
      column[(row + i) * 2] = readUnsigned(view, p + lowAt, low);
      column[(row + i) * 2 + 1] = readUnsigned(view, p + highAt, high);
    }
  };
}

/** Fills the rows that are still zero from another element; for counters that stand in for one another. */
export function fillU64(name: U64Column, place: Place): ColumnStep {
  const index = columnIndex(name);
  const { offset, length } = place;
  const low = Math.min(length, 4);
  const high = Math.min(length, 8) - low;
  const lowAt = offset + length - low;
  const highAt = lowAt - high;
  return (run) => {
    const column = run.arrays[index] as Uint32Array;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at; i < count; i++, p += stride) {
      const element = (row + i) * 2;
      if (column[element] !== 0 || column[element + 1] !== 0) continue;
      column[element] = readUnsigned(view, p + lowAt, low);
      column[element + 1] = readUnsigned(view, p + highAt, high);
    }
  };
}

/** The top label of an MPLS label stack entry of three bytes: 20 bits of label (RFC 3032 §2.1). */
export function copyMplsLabel(place: Place): ColumnStep {
  return (run) => {
    const column = run.columns.mpls_label;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at + place.offset; i < count; i++, p += stride)
      column[row + i] = readUnsigned(view, p, 3) >>> 4;
  };
}

/** Type and code in two elements of one byte each (IE 176 to 179); either may be absent. */
export function copyIcmpTypeAndCode(type: Place | null, code: Place | null): ColumnStep {
  return (run) => {
    const column = run.columns.icmp_type_code;
    const { view, stride, row, count } = run;
    for (let i = 0, p = run.at; i < count; i++, p += stride) {
      const high = type === null ? 0 : view.getUint8(p + type.offset + type.length - 1);
      const low = code === null ? 0 : view.getUint8(p + code.offset + code.length - 1);
      column[row + i] = (high << 8) | low;
    }
  };
}
