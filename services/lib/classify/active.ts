import type { Rows } from "./rows.ts";
import { COUNTED_FAMILY, directionIndex, GOES_BY_FAMILY } from "./vocabulary-index.ts";

const UP = directionIndex("up");
const LOCAL = directionIndex("local");

/** IANA protocol numbers. */
const ICMP = 1;
const TCP = 6;
const ICMP_V6 = 58;
const DNS_PORT = 53;

/** RFC 9293 section 3.1. */
const SYN = 0x02;
const RST = 0x04;
const ACK = 0x10;
/** URG, ACK, PSH, RST, SYN and FIN: those that say what a segment is for. */
const CONTROL_BITS = 0x3f;

/**
 * Fills active_family, the one place of the rule of activity (domain.md section 2): traffic its subscriber sent
 * itself and that counts, ping and DNS left out, and answers to scans as well: TCP of which nothing but a reset or the
 * second step of a handshake was seen. Needs technology, flow_direction, subscriber and counted. Bench: bench.ts.
 */
export function fillActive(rows: Rows): void {
  const { active_family, flow_direction, counted, technology, protocol, src_port, dst_port, subscriber } = rows;
  for (let row = 0; row < rows.rows; row++) {
    const direction = flow_direction[row];
    const is = protocol[row] as number;
    const silent =
      (direction !== UP && direction !== LOCAL) ||
      counted[row] === 0 ||
      is === ICMP ||
      is === ICMP_V6 ||
      src_port[row] === DNS_PORT ||
      dst_port[row] === DNS_PORT ||
      (is === TCP && isAnswer(rows.tcp_flags[row] as number)) ||
      ((subscriber[row * 2] as number) | (subscriber[row * 2 + 1] as number)) === 0;
    const how = technology[row] as number;
    active_family[row] = silent ? 0 : ((GOES_BY_FAMILY[how] ? rows.family[row] : COUNTED_FAMILY[how]) as number);
  }
}

function isAnswer(flags: number): boolean {
  const control = flags & CONTROL_BITS;
  return control === RST || control === (RST | ACK) || control === (SYN | ACK);
}
