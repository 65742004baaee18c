import { Random } from "@v6meter/random";
import { expect, test } from "vitest";
import { DatagramHistory, RecentDatagrams } from "./recent-datagrams.ts";

const WINDOW_MS = 1_000;

function datagram(length: number, content: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(content);
  new DataView(bytes.buffer).setUint32(0, content);
  return bytes;
}

test("a repeat is known across a wrap and a restart of the sequence numbers", () => {
  const history = new DatagramHistory();
  const recent = new RecentDatagrams();
  const see = (sequence: number) => recent.see(datagram(100, sequence), sequence, 0, WINDOW_MS, history);
  const sequences = [0xffff_fff0, 0xffff_ffff, 0, 1, 0x7fff_ffff, 5, 0xffff_fffe, 7, 6];
  for (const sequence of sequences) expect(see(sequence)).toBe(-1);
  for (const sequence of sequences) expect(see(sequence), `${sequence}`).toBe(0);
});

test("the last 32 datagrams of a session are compared, whatever their numbers and sizes", () => {
  const random = new Random(5);
  const history = new DatagramHistory();
  const recent = new RecentDatagrams();
  const sent: { sequence: number; bytes: Uint8Array }[] = [];
  for (let round = 0; round < 2_000; round++) {
    // Numbers that go on, jump ahead, go back and begin anew.
    const last = sent.at(-1)?.sequence ?? 0;
    const jump = [1, 1, 1, 30, -20, -last, random.u32()][random.below(7)] as number;
    const sequence = (last + jump) >>> 0;
    const bytes = datagram(20 + random.below(1_400), round);
    expect(recent.see(bytes, sequence, round, WINDOW_MS, history)).toBe(-1);
    recent.noteUnits(round);
    sent.push({ sequence, bytes });
    const back = random.below(Math.min(32, sent.length));
    const again = sent[sent.length - 1 - back] as { sequence: number; bytes: Uint8Array };
    expect(recent.see(again.bytes.slice(), again.sequence, round, WINDOW_MS, history)).toBe(round - back);
  }
});

test("a datagram that differs in one byte is another one", () => {
  const history = new DatagramHistory();
  const recent = new RecentDatagrams();
  const bytes = datagram(100, 1);
  expect(recent.see(bytes, 7, 0, WINDOW_MS, history)).toBe(-1);
  for (const at of [0, 50, 99]) {
    const other = bytes.slice();
    other[at] = (other[at] as number) ^ 0x80;
    expect(recent.see(other, 7, 0, WINDOW_MS, history)).toBe(-1);
  }
  expect(recent.see(bytes.subarray(0, 99), 7, 0, WINDOW_MS, history)).toBe(-1);
  expect(recent.see(bytes, 7, 0, WINDOW_MS, history)).toBe(0);
});

test("a busy exporter does not push the datagrams of a quiet one out", () => {
  const history = new DatagramHistory();
  const quiet = new RecentDatagrams();
  const busy = new RecentDatagrams();
  quiet.see(datagram(1_400, 1), 1, 0, WINDOW_MS, history);
  for (let i = 0; i < 20_000; i++) busy.see(datagram(1_400, i), i, 0, WINDOW_MS, history);
  expect(quiet.see(datagram(1_400, 1), 1, 1, WINDOW_MS, history)).toBe(0);
});

test("what is kept stays until 4 MiB of other sessions came behind it, and is not mistaken afterwards", () => {
  const history = new DatagramHistory();
  const first = new RecentDatagrams();
  // Its place is used again and again while others begin, so that it is as old as a place that is reused can be.
  const others = (bytes: number, mark: number) => {
    for (let kept = 0; kept < bytes; kept += 1_024)
      new RecentDatagrams().see(datagram(1_024, mark + kept), mark + kept, 0, WINDOW_MS, history);
  };
  for (let i = 0; i < 32; i++) first.see(datagram(1_400, i), i, 0, WINDOW_MS, history);
  others(4_100_000, 0);
  for (let i = 32; i < 64; i++) first.see(datagram(1_400, i), i, 0, WINDOW_MS, history);
  others(4_100_000, 8_000_000);
  for (let i = 32; i < 64; i++) expect(first.see(datagram(1_400, i), i, 0, WINDOW_MS, history), `${i}`).toBe(0);
  others(8_500_000, 16_000_000);
  expect(first.see(datagram(1_400, 40), 40, 0, WINDOW_MS, history)).toBe(-1);
});
