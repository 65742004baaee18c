import { Fault } from "@v6meter/schemas";
import { type Frame, MAX_FRAME_BYTES } from "./frame.ts";
import { viewOf } from "./octets.ts";

/** The least a block and a section header can take, both lengths counted. */
const BLOCK_BYTES = 12;
const SECTION_HEADER_BYTES = 28;

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const PACKET_OBSOLETE = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const OPTION_END = 0;
const OPTION_IF_TSRESOL = 9;
const OPTION_IF_TSOFFSET = 14;

/** Options, name records and the like may be long; a block beyond this is damage. */
const MAX_BLOCK_BYTES = 16 * 1_048_576;

interface Interface {
  readonly linkType: number;
  /** Bytes kept of a frame; 0 when all are. */
  readonly snapBytes: number;
  readonly unitsPerSecond: number;
  readonly offsetSeconds: number;
}

/** True where the bytes begin with a Section Header Block (draft-ietf-opsawg-pcapng §4.1). */
export function isPcapng(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && viewOf(bytes).getUint32(0) === SECTION_HEADER;
}

/**
 * The frames of a pcapng file, sections and interfaces of any number (draft-ietf-opsawg-pcapng §4).
 * Blocks of other types are passed over. Throws Fault CAPTURE_UNREADABLE.
 */
export function* readPcapng(bytes: Uint8Array): Generator<Frame> {
  const view = viewOf(bytes);
  let little = true;
  let interfaces: Interface[] = [];
  let lastAtMs = 0;

  let at = 0;
  while (at < bytes.length) {
    const isSection = isPcapng(bytes.subarray(at, at + 4));
    if (at + (isSection ? SECTION_HEADER_BYTES : BLOCK_BYTES) > bytes.length) {
      if (at === 0) unreadable(at, "the section header is cut");
      yield cutFrame(bytes.subarray(at));
      return;
    }
    if (isSection) {
      little = sectionIsLittleEndian(view, at);
      // §4.1: interface ids count from 0 in every section.
      interfaces = [];
    }
    const type = view.getUint32(at, little);
    const blockBytes = view.getUint32(at + 4, little);
    if (blockBytes < BLOCK_BYTES || blockBytes % 4 !== 0 || blockBytes > MAX_BLOCK_BYTES)
      unreadable(
        at,
        `a block's length is ${blockBytes}; it must be a multiple of 4 from ${BLOCK_BYTES} to ${MAX_BLOCK_BYTES}`,
      );
    const end = at + blockBytes;
    if (end > bytes.length) {
      yield cutFrame(bytes.subarray(at));
      return;
    }
    const repeated = view.getUint32(end - 4, little);
    if (repeated !== blockBytes)
      unreadable(at, `a block's length is ${blockBytes} at its beginning and ${repeated} at its end`);

    const body = { view, at: at + 8, end: end - 4, little };
    if (type === INTERFACE_DESCRIPTION) interfaces.push(readInterface(body));
    else if (type === ENHANCED_PACKET || type === PACKET_OBSOLETE) {
      const frame = readPacket(body, type, interfaces);
      lastAtMs = frame.atMs;
      yield frame;
    } else if (type === SIMPLE_PACKET) yield readSimplePacket(body, interfaces, lastAtMs);
    at = end;
  }
}

/** A block's bytes between its two lengths. */
interface Body {
  readonly view: DataView;
  readonly at: number;
  readonly end: number;
  readonly little: boolean;
}

function unreadable(offset: number, reason: string): never {
  throw new Fault("CAPTURE_UNREADABLE", `Offset ${offset}: ${reason}.`);
}

function need(body: Body, size: number, name: string): void {
  if (body.end - body.at < size)
    unreadable(body.at - 8, `${name} has ${body.end - body.at} bytes, at least ${size} are needed`);
}

function cutFrame(bytes: Uint8Array): Frame {
  return { linkType: 0, atMs: 0, bytes, cut: true };
}

function sectionIsLittleEndian(view: DataView, at: number): boolean {
  const little = view.getUint32(at + 8, true) === BYTE_ORDER_MAGIC;
  if (!little && view.getUint32(at + 8) !== BYTE_ORDER_MAGIC) unreadable(at, "the section header has no byte order");
  const major = view.getUint16(at + 12, little);
  if (major !== 1) unreadable(at, `the section is of pcapng version ${major}, only 1 is known`);
  return little;
}

/** Interface Description Block, §4.2, with if_tsresol and if_tsoffset. */
function readInterface(body: Body): Interface {
  need(body, 8, "an interface description");
  const { view, at, end, little } = body;
  let unitsPerSecond = 1_000_000;
  let offsetSeconds = 0;
  let option = at + 8;
  while (option + 4 <= end) {
    const code = view.getUint16(option, little);
    const length = view.getUint16(option + 2, little);
    const value = option + 4;
    if (code === OPTION_END) break;
    if (value + length > end) unreadable(option, `option ${code} of an interface runs over its block`);
    if (code === OPTION_IF_TSRESOL && length >= 1) {
      const resolution = view.getUint8(value);
      unitsPerSecond = resolution & 0x80 ? 2 ** (resolution & 0x7f) : 10 ** resolution;
    }
    if (code === OPTION_IF_TSOFFSET && length >= 8) offsetSeconds = Number(view.getBigInt64(value, little));
    option = value + Math.ceil(length / 4) * 4;
  }
  return {
    linkType: view.getUint16(at, little),
    snapBytes: view.getUint32(at + 4, little),
    unitsPerSecond,
    offsetSeconds,
  };
}

/** Enhanced Packet Block, §4.3, and its obsolete forerunner, whose interface id has 16 bits. */
function readPacket(body: Body, type: number, interfaces: readonly Interface[]): Frame {
  need(body, 20, "a packet block");
  const { view, at, little } = body;
  const id = type === ENHANCED_PACKET ? view.getUint32(at, little) : view.getUint16(at, little);
  const { linkType, unitsPerSecond, offsetSeconds } = interfaceOf(body, id, interfaces);
  const high = view.getUint32(at + 4, little);
  const low = view.getUint32(at + 8, little);
  const capturedBytes = view.getUint32(at + 12, little);
  // The halves are divided apart: nanoseconds since 1970 do not fit a double, milliseconds do.
  const atMs =
    offsetSeconds * 1_000 + high * ((4_294_967_296 * 1_000) / unitsPerSecond) + (low * 1_000) / unitsPerSecond;
  return { linkType, atMs, bytes: frameBytes(body, at + 20, capturedBytes), cut: false };
}

/** Simple Packet Block, §4.4: interface 0, no time, cut to the interface's snap length. */
function readSimplePacket(body: Body, interfaces: readonly Interface[], lastAtMs: number): Frame {
  need(body, 4, "a simple packet block");
  const { linkType, snapBytes } = interfaceOf(body, 0, interfaces);
  const wireBytes = body.view.getUint32(body.at, body.little);
  const capturedBytes = snapBytes === 0 ? wireBytes : Math.min(wireBytes, snapBytes);
  return { linkType, atMs: lastAtMs, bytes: frameBytes(body, body.at + 4, capturedBytes), cut: false };
}

function interfaceOf(body: Body, id: number, interfaces: readonly Interface[]): Interface {
  return (
    interfaces[id] ??
    unreadable(body.at - 8, `a packet belongs to interface ${id}, the section describes ${interfaces.length}`)
  );
}

function frameBytes({ view, at, end }: Body, start: number, length: number): Uint8Array {
  if (length > end - start || length > MAX_FRAME_BYTES)
    unreadable(at - 8, `a packet of ${length} bytes does not fit its block`);
  return new Uint8Array(view.buffer, view.byteOffset + start, length);
}
