/** True where the 16 bytes at `at` are an IPv4-mapped address (RFC 4291 §2.5.5.2). */
export function isMappedV4(bytes: Uint8Array, at = 0): boolean {
  for (let i = 0; i < 10; i++) if (bytes[at + i] !== 0) return false;
  return bytes[at + 10] === 0xff && bytes[at + 11] === 0xff;
}

/**
 * The text of the 16 bytes at `at`: dotted quad for IPv4-mapped addresses, RFC 5952 otherwise. The one
 * way an exporter is named in books, logs, state and API. Not for use per record.
 */
export function addressText(bytes: Uint8Array, at = 0): string {
  if (isMappedV4(bytes, at)) return bytes.subarray(at + 12, at + 16).join(".");
  const groups = Array.from({ length: 8 }, (_, i) =>
    (((bytes[at + 2 * i] as number) << 8) | (bytes[at + 2 * i + 1] as number)).toString(16),
  );
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let end = start;
    while (end < 8 && groups[end] === "0") end++;
    if (end - start > best.length) best = { start, length: end - start };
    start = Math.max(start, end - 1);
  }
  if (best.length < 2) return groups.join(":");
  return `${groups.slice(0, best.start).join(":")}::${groups.slice(best.start + best.length).join(":")}`;
}

/**
 * The 16 bytes of an address text, IPv4 as ::ffff:a.b.c.d; a zone (`%eth0`) is dropped. The text must
 * be valid (it comes from a socket or was validated before): anything else gives null.
 */
export function addressBytes(text: string): Uint8Array | null {
  const bytes = new Uint8Array(16);
  const plain = text.split("%")[0] as string;
  const quad = /^(.*:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(plain);
  let rest = plain;
  if (quad) {
    const octets = quad.slice(2, 6).map(Number);
    if (octets.some((octet) => octet > 255)) return null;
    if (quad[1] === undefined) {
      bytes.set([0xff, 0xff, ...octets], 10);
      return bytes;
    }
    const [a, b, c, d] = octets as [number, number, number, number];
    rest = `${quad[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const halves = rest.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half) => (half === "" ? [] : half.split(":"))) as [string[], string[] | undefined];
  if (tail === undefined ? head.length !== 8 : head.length + tail.length > 7) return null;
  const groups = tail === undefined ? head : [...head, ...Array(8 - head.length - tail.length).fill("0"), ...tail];
  for (const [i, group] of groups.entries()) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return null;
    const value = Number.parseInt(group, 16);
    bytes[2 * i] = value >> 8;
    bytes[2 * i + 1] = value & 0xff;
  }
  return bytes;
}
