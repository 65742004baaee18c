import type { ExporterBooks } from "./books.ts";
import type { MessageHeader } from "./header.ts";

/** What a session's sequence numbers have told so far; what outlives a restart of the collector. */
export interface SequencePosition {
  /** Number the next datagram should carry. */
  next: number;
  /** The last datagram's record count is not known: the next number tells it. */
  uncertain: boolean;
  /** Uptime, export time and time of arrival of the newest datagram. */
  uptimeMs: number;
  exportMs: number;
  receivedAtMs: number;
}

interface Gap {
  start: number;
  length: number;
}

/** A jump beyond what an exporter can send in the time between is a new beginning, not a loss. */
const PLAUSIBLE_UNITS = 65_536;
const PLAUSIBLE_UNITS_PER_S = 200_000;
/** Clocks of seconds and steps of a clock move the boot time that a header tells by this much at most. */
const BOOT_TOLERANCE_MS = 3_000;
const MAX_GAPS = 32;

/**
 * Follows the sequence numbers of one session by its version's rule, all modulo 2^32:
 *
 * - v5, v7: flows sent before this datagram; a unit is a flow.
 * - v9 (RFC 3954 §5.1): datagrams sent by the source id; a unit is a datagram.
 * - IPFIX (RFC 7011 §3.1): data records, options data among them, sent before this message.
 */
export class SequenceFollower {
  position: SequencePosition | null;
  #gaps: Gap[] = [];
  /** A datagram whose number was seen before: late, repeated or the first after a restart. */
  #suspect: { next: number; units: number; beforeStart: boolean } | null = null;
  /** First number since the begin, to tell a late datagram from a repeated one. */
  #first: number;

  constructor(position: SequencePosition | null = null) {
    this.position = position;
    this.#first = position === null ? 0 : position.next;
  }

  /**
   * Takes one datagram's number into the books.
   *
   * @param units what the datagram adds to the sequence; -1 where its records could not all be counted
   */
  follow(header: MessageHeader, units: number, books: ExporterBooks): void {
    const { position } = this;
    const { sequence } = header;
    if (position === null || hasRebooted(position, header)) {
      this.#begin(header, units, books);
      return;
    }
    const ahead = (sequence - position.next) | 0;
    const elapsedS = Math.max(1, (header.receivedAtMs - position.receivedAtMs) / 1000);
    const plausible = PLAUSIBLE_UNITS + PLAUSIBLE_UNITS_PER_S * elapsedS;
    if (ahead < 0) {
      this.#late(header, ahead, units, plausible, books);
      return;
    }
    if (ahead > plausible) {
      this.#begin(header, units, books);
      return;
    }
    this.#settleSuspect(books);
    if (ahead > 0) {
      books.expected(ahead);
      if (!position.uncertain) {
        books.lost(ahead);
        this.#gaps.push({ start: position.next, length: ahead });
        if (this.#gaps.length > MAX_GAPS) this.#gaps.shift();
      }
    }
    this.#advance(header, units, books);
  }

  #begin(header: MessageHeader, units: number, books: ExporterBooks): void {
    const { sequence, uptimeMs, exportMs, receivedAtMs } = header;
    this.#settleSuspect(books);
    this.#gaps = [];
    this.#first = sequence;
    this.position = { next: sequence, uncertain: false, uptimeMs, exportMs, receivedAtMs };
    this.#advance(header, units, books);
  }

  #advance(header: MessageHeader, units: number, books: ExporterBooks): void {
    const { position } = this;
    if (position === null) return;
    const known = Math.max(0, units);
    books.expected(known);
    position.next = (header.sequence + known) >>> 0;
    position.uncertain = units < 0;
    position.uptimeMs = header.uptimeMs;
    position.exportMs = header.exportMs;
    position.receivedAtMs = header.receivedAtMs;
  }

  /** A number below the expected one. */
  #late(header: MessageHeader, ahead: number, units: number, plausible: number, books: ExporterBooks): void {
    const { sequence } = header;
    if (this.#fillsGap(sequence, Math.max(0, units), books)) return;
    const suspect = this.#suspect;
    if (suspect !== null) {
      // RFC 3550 appendix A.1 in spirit: two numbers in a row make a new beginning.
      const afterSuspect = (sequence - suspect.next) | 0;
      if (afterSuspect >= 0 && afterSuspect <= plausible) {
        this.#suspect = null;
        books.expected(suspect.units);
        this.#begin(header, units, books);
        if (afterSuspect > 0) {
          books.expected(afterSuspect);
          books.lost(afterSuspect);
          this.#gaps.push({ start: suspect.next, length: afterSuspect });
        }
        return;
      }
      this.#settleSuspect(books);
    }
    const known = Math.max(0, units);
    const beforeStart = ((sequence - this.#first) | 0) < 0 && -ahead <= plausible;
    this.#suspect = { next: (sequence + known) >>> 0, units: known, beforeStart };
  }

  /** A late datagram whose units were counted as lost takes them back. */
  #fillsGap(sequence: number, units: number, books: ExporterBooks): boolean {
    const at = this.#gaps.findIndex(({ start, length }) => (sequence - start) >>> 0 < length);
    const gap = this.#gaps[at];
    if (gap === undefined) return false;
    const before = (sequence - gap.start) >>> 0;
    const filled = Math.min(units, gap.length - before);
    const after = gap.length - before - filled;
    const rest: Gap[] = [];
    if (before > 0) rest.push({ start: gap.start, length: before });
    if (after > 0) rest.push({ start: (sequence + filled) >>> 0, length: after });
    this.#gaps.splice(at, 1, ...rest);
    books.lost(-filled);
    books.reordered(filled);
    return true;
  }

  /** The numbers went on as before: the suspect was only late, or came twice. */
  #settleSuspect(books: ExporterBooks): void {
    const suspect = this.#suspect;
    if (suspect === null) return;
    this.#suspect = null;
    if (suspect.beforeStart) {
      books.expected(suspect.units);
      books.reordered(suspect.units);
    } else books.duplicated(suspect.units);
  }
}

/**
 * The exporter booted between the two: its uptime went back and the boot time that export time and uptime
 * tell moved. A wrap of the uptime (49.7 days) moves it by 2^32 ms, which is nothing modulo 2^32; a late
 * datagram does not move it at all.
 */
function hasRebooted(position: SequencePosition, { uptimeMs, exportMs }: MessageHeader): boolean {
  if (uptimeMs < 0 || position.uptimeMs < 0) return false;
  if (((uptimeMs - position.uptimeMs) | 0) >= 0) return false;
  const moved = (exportMs - uptimeMs - (position.exportMs - position.uptimeMs)) | 0;
  return moved > BOOT_TOLERANCE_MS;
}
