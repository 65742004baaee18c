import { expect, test } from "vitest";
import { addSocketCounts } from "./kernel-drops.ts";

// As Linux prints them on a little-endian machine (fs/proc: udp_seq_show).
const UDP = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops            
  401: 0100007F:0807 00000000:0000 07 00000000:00001500 00:00000000 00000000  1000        0 71245 2 000000007c2d1a11 17         
 9120: 00000000:2703 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 71246 2 00000000a3f1be02 4294967296
12021: 0A02000A:1283 0B02000A:1283 01 00000000:000000FF 00:00000000 00000000     0        0 71247 2 00000000a3f1be03 3          
`;
const UDP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  402: 00000000000000000000000001000000:0807 00000000000000000000000000000000:0000 07 00000000:00000A00 00:00000000 00000000  1000        0 71250 2 00000000cccccccc 5
  403: B80D0120000000000000000001000000:1283 00000000000000000000000000000000:0000 07 00000000:00000001 00:00000000 00000000  1000        0 71251 2 00000000cccccccd 6
`;

function countsOf(...bound: { host: string; port: number }[]) {
  const counts = bound.map(() => ({ drops: 0, unreadBytes: 0 }));
  for (const table of [UDP, UDP6]) addSocketCounts(table, bound, counts);
  return counts;
}

test("drops and unread bytes of a bound IPv4 socket are the last column and rx_queue", () => {
  expect(countsOf({ host: "127.0.0.1", port: 2055 })).toEqual([{ drops: 17, unreadBytes: 0x1500 }]);
  expect(countsOf({ host: "0.0.0.0", port: 9987 })).toEqual([{ drops: 4_294_967_296, unreadBytes: 0 }]);
});

test("addresses of IPv6 sockets are words in host order", () => {
  expect(countsOf({ host: "::1", port: 2055 }, { host: "2001:db8::1", port: 4739 })).toEqual([
    { drops: 5, unreadBytes: 0xa00 },
    { drops: 6, unreadBytes: 1 },
  ]);
});

test("another address or another port is another socket", () => {
  expect(countsOf({ host: "127.0.0.2", port: 2055 }, { host: "127.0.0.1", port: 2056 })).toEqual([
    { drops: 0, unreadBytes: 0 },
    { drops: 0, unreadBytes: 0 },
  ]);
});

test("a table that is cut short or of another form counts nothing", () => {
  const counts = [{ drops: 0, unreadBytes: 0 }];
  for (const table of ["", "\n", UDP.slice(0, 200), "a b c\nd e f"])
    addSocketCounts(table, [{ host: "127.0.0.1", port: 2055 }], counts);
  expect(counts).toEqual([{ drops: 0, unreadBytes: 0 }]);
});
