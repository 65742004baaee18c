import type { Datagram } from "./datagram.ts";

/** The sequence numbers of one export stream. */
export interface Sequence {
  /** The number of this datagram; afterwards it counts as sent, whether or not it reaches the wire. */
  next(datagram: Datagram): number;
  /** Begins again at 0, as after a restart. */
  restart(): void;
}

/**
 * Follows each version's own rule: v5 counts flows before this datagram (Cisco, table B-3), v9 counts
 * export packets of the source id (RFC 3954 §5.1), IPFIX counts data records of the observation domain,
 * options records among them, templates not (RFC 7011 §3.1). All wrap at 2^32.
 */
export function createSequence(): Sequence {
  let count = 0;
  return {
    next(datagram) {
      const sequence = count;
      count =
        (count + (datagram.version === 9 ? 1 : datagram.version === 5 ? datagram.records : datagram.dataRecords)) >>> 0;
      return sequence;
    },
    restart() {
      count = 0;
    },
  };
}
