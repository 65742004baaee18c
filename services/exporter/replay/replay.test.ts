import { execFile } from "node:child_process";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Capture, CapturedDatagram } from "@v6meter/pcap";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { replay } from "./replay.ts";
import { loopbackAddresses } from "./senders.ts";
import { exportSeconds, moved } from "./times.ts";

/** A UDP port of this process that keeps what arrives, in order. */
interface Receiver {
  readonly host: string;
  readonly port: number;
  readonly got: { payload: string; from: RemoteInfo }[];
  until(count: number): Promise<void>;
}

const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
});

async function receiver(host: string): Promise<Receiver> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  open.push(socket);
  const got: Receiver["got"] = [];
  socket.on("message", (payload, from) => got.push({ payload: payload.toString("hex"), from }));
  socket.bind(0, host);
  await once(socket, "listening");
  return {
    host,
    port: socket.address().port,
    got,
    async until(count) {
      while (got.length < count) await once(socket, "message");
    },
  };
}

function datagram(source: string, sourcePort: number, hex: string, atMs = 0): CapturedDatagram {
  const payload = Uint8Array.from(Buffer.from(hex, "hex"));
  return { source, destination: "198.51.100.1", sourcePort, destinationPort: 2055, payload, atMs };
}

const captureOf = (...datagrams: CapturedDatagram[]): Capture => ({ datagrams, skipped: {} });

/** A v9 header alone: sysUptime 1000, unix seconds, sequence, source id. */
const v9 = (seconds: number) => `00090000000003e8${seconds.toString(16).padStart(8, "0")}0000000100000000`;

describe("sources", () => {
  test("an exporter keeps the last three octets of its address on loopback", () => {
    expect([...loopbackAddresses(["192.0.2.70", "10.1.2.3"], "127.0.0.1")]).toEqual([
      ["192.0.2.70", "127.0.2.70"],
      ["10.1.2.3", "127.1.2.3"],
    ]);
  });
  test("exporters that would meet get addresses of their own, never the receiver's", () => {
    const addresses = [
      ...loopbackAddresses(["10.0.0.1", "11.0.0.1", "10.0.0.0", "10.255.255.255"], "127.0.0.1").values(),
    ];
    expect(new Set(addresses).size).toBe(4);
    for (const taken of ["127.0.0.1", "127.0.0.0", "127.255.255.255"]) expect(addresses).not.toContain(taken);
  });
  test("an IPv6 exporter has the same loopback address every time", () => {
    const once = loopbackAddresses(["2001:db8::1", "2001:db8::2"], "127.0.0.1");
    expect(loopbackAddresses(["2001:db8::2", "2001:db8::1"], "127.0.0.1").get("2001:db8::1")).toBe(
      once.get("2001:db8::1"),
    );
    expect(once.get("2001:db8::1")).not.toBe(once.get("2001:db8::2"));
  });
});

describe("export times", () => {
  test.each([
    { version: 1, hex: `0001000000000064${"65f00000"}00000000`, seconds: 0x65f00000 },
    { version: 5, hex: `0005000000000064${"65f00000"}${"00".repeat(12)}`, seconds: 0x65f00000 },
    { version: 7, hex: `0007000000000064${"65f00000"}${"00".repeat(12)}`, seconds: 0x65f00000 },
    { version: 9, hex: v9(0x65f00000), seconds: 0x65f00000 },
    { version: 10, hex: `000a0010${"65f00000"}0000000000000000`, seconds: 0x65f00000 },
  ])("v$version has them where its header says", ({ hex, seconds }) => {
    const payload = Uint8Array.from(Buffer.from(hex, "hex"));
    expect(exportSeconds(payload)).toBe(seconds);
    const later = moved(payload, 100);
    expect(exportSeconds(later)).toBe(seconds + 100);
    expect(later.filter((byte, i) => byte !== payload[i]).length).toBe(1);
    expect(exportSeconds(payload)).toBe(seconds);
  });
  test("a datagram too short or of another version has none and is copied as it is", () => {
    for (const hex of ["", "00", "0009", "000900000000000065f000", "000b000065f0000065f00000"]) {
      const payload = Uint8Array.from(Buffer.from(hex, "hex"));
      expect(exportSeconds(payload)).toBeNull();
      expect(moved(payload, 5)).toEqual(payload);
    }
  });
});

describe("replay", () => {
  test("payloads arrive as they are; exporters and their source ports stay distinct", async () => {
    const to = await receiver("127.0.0.1");
    const sent = [
      datagram("192.0.2.1", 40_001, "aa01"),
      datagram("192.0.2.2", 40_001, "aa02"),
      datagram("192.0.2.1", 40_002, "aa03"),
      datagram("2001:db8::1", 40_001, "aa04"),
      datagram("192.0.2.1", 40_001, "aa05"),
    ];
    const result = await replay(captureOf(...sent), { to, speed: "max" });
    await to.until(5);
    expect(result).toMatchObject({ datagrams: 5, sent: 5, failed: 0, bytes: 10, error: null, distinction: "address" });
    expect(to.got.map(({ payload }) => payload)).toEqual(["aa01", "aa02", "aa03", "aa04", "aa05"]);
    const [first, second, third, fourth, fifth] = to.got.map(({ from }) => `${from.address} ${from.port}`);
    expect(new Set([first, second, third, fourth]).size).toBe(4);
    expect(fifth).toBe(first);
    expect(to.got[0]?.from.address).toBe("127.0.2.1");
    expect(to.got[2]?.from.address).toBe("127.0.2.1");
    expect(result.sources.map(({ exporter, from }) => [exporter, `${from.host} ${from.port}`])).toEqual([
      ["192.0.2.1", first],
      ["192.0.2.2", second],
      ["192.0.2.1", third],
      ["2001:db8::1", fourth],
    ]);
  });
  test("to IPv6 loopback source ports alone tell exporters apart, and the result says so", async () => {
    const to = await receiver("::1");
    const result = await replay(captureOf(datagram("192.0.2.1", 40_003, "01"), datagram("192.0.2.2", 40_003, "02")), {
      to,
    });
    await to.until(2);
    expect(result.distinction).toBe("source port");
    expect(new Set(to.got.map(({ from }) => from.port)).size).toBe(2);
    expect(to.got.every(({ from }) => from.address === "::1")).toBe(true);
  });
  test("a full-speed replay of 20,000 datagrams loses none in the receiver's buffer", async () => {
    const to = await receiver("127.0.0.1");
    const payload = "ab".repeat(1_400);
    const sent = Array.from({ length: 20_000 }, (_, i) => datagram(`192.0.2.${i % 3}`, 40_004, payload));
    const result = await replay(captureOf(...sent), { to, speed: "max" });
    await to.until(20_000);
    expect(result).toMatchObject({ sent: 20_000, failed: 0 });
  });
  test("the captured pace is kept: nothing is sent before it is due", async () => {
    const to = await receiver("127.0.0.1");
    const arrivals: number[] = [];
    open[0]?.on("message", () => arrivals.push(performance.now()));
    const sent = [0, 400, 800].map((atMs) => datagram("192.0.2.1", 40_005, "01", 1_700_000_000_000 + atMs));
    const startedAt = performance.now();
    const result = await replay(captureOf(...sent), { to, speed: 4 });
    await to.until(3);
    expect(result.elapsedMs).toBeGreaterThanOrEqual(200);
    expect((arrivals[1] as number) - startedAt).toBeGreaterThanOrEqual(100);
  });
  test("frames captured out of order are sent in file order", async () => {
    const to = await receiver("127.0.0.1");
    await replay(captureOf(datagram("192.0.2.1", 1, "01", 50), datagram("192.0.2.1", 1, "02", 10)), { to });
    await to.until(2);
    expect(to.got.map(({ payload }) => payload)).toEqual(["01", "02"]);
  });
  test("rebased, each exporter's last datagram is of now and the distances stay", async () => {
    const to = await receiver("127.0.0.1");
    const sent = [
      datagram("192.0.2.1", 40_006, v9(1_000_000_000)),
      datagram("192.0.2.2", 40_006, v9(1_500_000_000)),
      datagram("192.0.2.1", 40_006, v9(1_000_000_060)),
    ];
    const before = Math.floor(Date.now() / 1_000);
    await replay(captureOf(...sent), { to, speed: "max", rebaseTime: true });
    await to.until(3);
    const seconds = to.got.map(({ payload }) => exportSeconds(Buffer.from(payload, "hex")) as number);
    expect((seconds[2] as number) - (seconds[0] as number)).toBe(60);
    for (const last of [seconds[1] as number, seconds[2] as number]) {
      expect(last).toBeGreaterThanOrEqual(before);
      expect(last).toBeLessThanOrEqual(Date.now() / 1_000);
    }
    expect(exportSeconds((sent[0] as CapturedDatagram).payload)).toBe(1_000_000_000);
  });
  test("datagrams nobody listens for count as failed", async () => {
    const { host, port } = await receiver("127.0.0.1");
    open.splice(0)[0]?.close();
    const sent = Array.from({ length: 5 }, () => datagram("192.0.2.1", 40_007, "01"));
    const result = await replay(captureOf(...sent), { to: { host, port }, speed: "max" });
    expect(result.failed).toBeGreaterThan(1);
    expect(result.sent + result.failed).toBe(5);
    expect(result.error).toMatch(/ECONNREFUSED/);
  });
  test("a replay that is ended counts what it did not send", async () => {
    const to = await receiver("127.0.0.1");
    const stop = new AbortController();
    const running = replay(captureOf(datagram("192.0.2.1", 1, "01", 0), datagram("192.0.2.1", 1, "02", 3_600_000)), {
      to,
      signal: stop.signal,
    });
    await to.until(1);
    stop.abort();
    expect(await running).toMatchObject({ datagrams: 2, sent: 1, failed: 1 });
  });
  test("a host that does not resolve and a speed that cannot be are told in one sentence", async () => {
    const to = { host: "no-such-host.invalid", port: 2055 };
    await expect(replay(captureOf(), { to })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await expect(replay(captureOf(), { to: { host: "127.0.0.1", port: 2055 }, speed: 0 })).rejects.toThrow(
      "speed: found 0, allowed is a number above 0, or max.",
    );
  });
});

describe("the command", () => {
  const folder = mkdtempSync(join(tmpdir(), "v6meter-replay-"));
  const file = join(folder, "one.pcap");
  // Raw IP (101), one datagram of "cafe" from 192.0.2.9:40008.
  const frame = `450000 1e 00000000 40110000 c0000209 c6336401 9c48 0807 000a 0000 cafe`.replaceAll(" ", "");
  writeFileSync(
    file,
    Buffer.from(`d4c3b2a1020004000000000000000000ffff000065000000${"00".repeat(8)}1e0000001e000000${frame}`, "hex"),
  );
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = async (...args: string[]) => {
    try {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [
        join(import.meta.dirname, "main.ts"),
        ...args,
      ]);
      return { code: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, stdout, stderr };
    }
  };

  test("sends a file and ends with one JSON line", async () => {
    const to = await receiver("127.0.0.1");
    const { code, stdout } = await run(file, "--to", `127.0.0.1:${to.port}`, "--json");
    await to.until(1);
    expect(to.got[0]?.payload).toBe("cafe");
    expect(code).toBe(0);
    expect(stdout.trim().split("\n")).toHaveLength(1);
    expect(JSON.parse(stdout)).toMatchObject({ datagrams: 1, sent: 1, failed: 0, error: null, skipped: {} });
  });
  test("prints who is sent from where", async () => {
    const to = await receiver("127.0.0.1");
    const { stdout } = await run(file, "--to", `127.0.0.1:${to.port}`);
    expect(stdout).toContain("192.0.2.9:40008 is sent from 127.0.2.9:40008\n");
    expect(stdout).toMatch(/1 of 1 datagrams sent to 127\.0\.0\.1:\d+, 2 bytes in .*, 0 failed\n$/);
  });
  test("fails when not all could be sent", async () => {
    const { port } = await receiver("127.0.0.1");
    open.splice(0)[0]?.close();
    const { code, stdout, stderr } = await run(file, "--to", `127.0.0.1:${port}`);
    expect(code).toBe(1);
    expect(stdout).toContain("1 failed");
    expect(stderr).toContain("does a collector listen there?");
  });
  test.each([
    { args: [], says: "replay: A capture file is missing. See --help.\n" },
    { args: ["a", "b"], says: "replay: One capture file is allowed, found also b. See --help.\n" },
    {
      args: ["a", "--to", "x"],
      says: "replay: --to: found x, allowed is HOST:PORT or [IPv6]:PORT with a port of 1 to 65535. See --help.\n",
    },
    {
      args: ["a", "--speed", "fast"],
      says: "replay: --speed: found fast, allowed is a number above 0, or max. See --help.\n",
    },
  ])("$says", async ({ args, says }) => {
    expect(await run(...args)).toEqual({ code: 78, stdout: "", stderr: says });
  });
  test("says which file cannot be read and why", async () => {
    const text = join(folder, "text.pcap");
    writeFileSync(text, "hello");
    const { code, stderr } = await run(text);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `replay: ${text}: Offset 0: the file begins with 68656c6c; a pcap or pcapng file is expected.\n`,
    );
  });
});
