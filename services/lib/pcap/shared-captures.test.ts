import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { CAPTURE_FOLDERS, capturesIn } from "@v6meter/captures";
import { describe, expect, test } from "vitest";
import { readCapture } from "./index.ts";

const FOLDERS = [CAPTURE_FOLDERS.shared, CAPTURE_FOLDERS.restricted];
const present = FOLDERS.every((folder) => existsSync(folder));
if (!present) console.warn("SKIPPED: ../shared/captures is missing, no real exporter's capture is read");

test.runIf(process.env.CI)("the shared captures are there", () => expect(present).toBe(true));

describe.runIf(present)("real exporters' captures", () => {
  const files = capturesIn(...FOLDERS);
  test("there are some", () => expect(files.length).toBeGreaterThan(60));
  test.each(files.map((file) => ({ name: basename(file), file })))("$name has every datagram", ({ file }) => {
    const expected = JSON.parse(readFileSync(file.replace(/pcap$/, "expected.json"), "utf8"));
    const { datagrams, skipped } = readCapture(readFileSync(file));
    expect(skipped).toEqual({});
    expect(datagrams).toHaveLength(expected.packets);
    expect(datagrams.reduce((sum, { payload }) => sum + payload.length, 0)).toBe(expected.payload_bytes);
    const exporters = new Map<string, Set<number>>();
    for (const { source, sourcePort } of datagrams)
      exporters.set(source, (exporters.get(source) ?? new Set()).add(sourcePort));
    expect([...exporters].map(([address, ports]) => [address, [...ports].sort()]).sort()).toEqual(
      expected.exporters
        .map((exporter: { address: string; source_ports: number[] }) => [
          exporter.address,
          exporter.source_ports.sort(),
        ])
        .sort(),
    );
  });
});
