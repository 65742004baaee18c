import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, expect, test } from "vitest";
import { parseUdpTable, receiverBacklogBytes, watchOwnSockets } from "./index.ts";

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

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

async function bound(options: { reusePort?: boolean } = {}, port = 0): Promise<Socket> {
  const socket = createSocket({ type: "udp4", ...options });
  sockets.push(socket);
  socket.bind({ address: "127.0.0.1", port, exclusive: true });
  await once(socket, "listening");
  return socket;
}

test("a table tells address, peer, unread bytes, drops and inode of each socket", () => {
  expect(parseUdpTable(UDP)).toEqual([
    { local: { host: "127.0.0.1", port: 2055 }, connected: false, unreadBytes: 0x1500, drops: 17, inode: 71_245 },
    { local: { host: "0.0.0.0", port: 9987 }, connected: false, unreadBytes: 0, drops: 4_294_967_296, inode: 71_246 },
    { local: { host: "10.0.2.10", port: 4739 }, connected: true, unreadBytes: 255, drops: 3, inode: 71_247 },
  ]);
});

test("addresses of IPv6 sockets are words in host order", () => {
  expect(parseUdpTable(UDP6)).toMatchObject([
    { local: { host: "::1", port: 2055 }, unreadBytes: 0xa00, drops: 5 },
    { local: { host: "2001:db8::1", port: 4739 }, unreadBytes: 1, drops: 6 },
  ]);
});

test("a table that ends in the middle of a line tells what is whole", () => {
  expect(parseUdpTable(UDP.slice(0, -30)).map(({ inode }) => inode)).toEqual([71_245, 71_246]);
});

test.runIf(process.platform === "linux")(
  "what waits for a listener and what was dropped is told of it alone",
  async () => {
    const receiver = createSocket({ type: "udp4", recvBufferSize: 4_096 });
    sockets.push(receiver);
    receiver.bind({ address: "127.0.0.1", port: 0 });
    await once(receiver, "listening");
    // Stays unread: the test gives the event loop's turn to nobody before it has looked.
    const { port } = receiver.address();
    const watch = watchOwnSockets([{ host: "127.0.0.1", port }]);
    expect(watch.read()).toMatchObject([{ local: { host: "127.0.0.1", port }, drops: 0, unreadBytes: 0 }]);
    const sender = await bound();
    sender.connect(port, "127.0.0.1");
    await once(sender, "connect");
    for (let i = 0; i < 50; i++) sender.send(Buffer.alloc(1_000));
    const [own] = watch.read() ?? [];
    expect(own?.unreadBytes).toBeGreaterThan(1_000);
    expect(own?.drops).toBeGreaterThan(10);
    expect(receiverBacklogBytes(port)).toBe(own?.unreadBytes);
    expect(receiverBacklogBytes(sender.address().port)).toBeNull();
  },
);

test.runIf(process.platform === "linux")("of sockets that share an address only one's own are watched", async () => {
  const own = await bound({ reusePort: true });
  const { port } = own.address();
  const watch = watchOwnSockets([{ host: "127.0.0.1", port }]);
  await bound({ reusePort: true }, port);
  expect(watch.read()).toHaveLength(1);
});
