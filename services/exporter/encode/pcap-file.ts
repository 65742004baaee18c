/** A UDP datagram to be written to a capture; addresses are IPv4. */
export interface SentDatagram {
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  readonly destinationPort: number;
  readonly atMs: number;
  readonly payload: Uint8Array;
}

const ETHERNET = 14;
const IPV4 = 20;
const UDP = 8;

/**
 * A classic pcap (little-endian, microseconds, Ethernet) of UDP over IPv4, for other people's decoders.
 * The UDP checksum is 0, which RFC 768 allows over IPv4.
 */
export function pcapFile(datagrams: readonly SentDatagram[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  return Buffer.concat([header, ...datagrams.flatMap((datagram) => [frameHeader(datagram), datagram.payload])]);
}

function frameHeader({ source, sourcePort, destination, destinationPort, atMs, payload }: SentDatagram): Buffer {
  const bytes = Buffer.alloc(16 + ETHERNET + IPV4 + UDP);
  const frameOctets = ETHERNET + IPV4 + UDP + payload.length;
  bytes.writeUInt32LE(Math.floor(atMs / 1000), 0);
  bytes.writeUInt32LE((atMs % 1000) * 1000, 4);
  bytes.writeUInt32LE(frameOctets, 8);
  bytes.writeUInt32LE(frameOctets, 12);
  const ethernet = 16;
  bytes.writeUInt16BE(0x0800, ethernet + 12);
  const ip = ethernet + ETHERNET;
  bytes[ip] = 0x45;
  bytes.writeUInt16BE(IPV4 + UDP + payload.length, ip + 2);
  bytes[ip + 8] = 64;
  bytes[ip + 9] = 17;
  bytes.set(source.split(".").map(Number), ip + 12);
  bytes.set(destination.split(".").map(Number), ip + 16);
  bytes.writeUInt16BE(internetChecksum(bytes.subarray(ip, ip + IPV4)), ip + 10);
  const udp = ip + IPV4;
  bytes.writeUInt16BE(sourcePort, udp);
  bytes.writeUInt16BE(destinationPort, udp + 2);
  bytes.writeUInt16BE(UDP + payload.length, udp + 4);
  return bytes;
}

/** RFC 1071. */
function internetChecksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
