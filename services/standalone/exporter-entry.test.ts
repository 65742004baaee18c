import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadRegistry } from "@v6meter/classify";
import { expect, test } from "vitest";
import { entryOfRegistry, facesOfEntries } from "./exporter-entry.ts";

const EXPORTERS = `
exporters:
  - { exporter: 198.18.0.0/16, operator: unicom }
  - exporter: 198.18.0.1
    operator: telecom
    observation_point: backbone
    interfaces:
      4: { side: peer, operator: mobile, observation_point: interconnect }
  - { exporter: "2001:db8:1::/48", observation_point: interconnect }
`;

test("interfaces face whom the longest entry of the registry's files says", () => {
  const folder = mkdtempSync(join(tmpdir(), "v6meter-faces-"));
  try {
    writeFileSync(join(folder, "exporters.yaml"), EXPORTERS);
    const facesOf = facesOfEntries(entryOfRegistry(loadRegistry(folder)));
    // As the store writes an IPv4 address, and as people do.
    for (const address of ["::ffff:198.18.0.1", "198.18.0.1"])
      expect(facesOf(address)).toEqual({
        operator: "telecom",
        observationPoint: "backbone",
        interfaces: new Map([[4, { operator: "mobile", observationPoint: "interconnect" }]]),
      });
    expect(facesOf("198.18.9.9")).toMatchObject({ operator: "unicom", observationPoint: undefined });
    expect(facesOf("2001:db8:1::9")).toMatchObject({ operator: undefined, observationPoint: "interconnect" });
    expect(facesOf("203.0.113.1")).toBeNull();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
