import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadRegistry } from "@v6meter/classify";
import { Random } from "@v6meter/random";
import { cpuNsPerUnit, cpuSeconds, liveBytes } from "./cpu.ts";
import { classifierOf, classifyPass, expectCount, flowRows } from "./flows.ts";
import type { Part } from "./part.ts";

const CLASSIFIED_BATCHES = 4;
const OPERATORS = [
  ["telecom", 0x240e_0300],
  ["unicom", 0x2408_8200],
  ["mobile", 0x2409_8a00],
] as const;
const REGIONS = 14;
/** Prefixes of an operator: /48s of eight /32s. */
const A_OPERATOR = 2 ** 19;

/** The first 48 bits of prefix number so many, as three words of 16. */
function prefixWords(number: number): [number, number, number] {
  const [, first] = OPERATORS[number % OPERATORS.length] as (typeof OPERATORS)[number];
  // An odd factor permutes the numbers, so that few prefixes lie as wide apart as many.
  const spread = Math.imul(Math.floor(number / OPERATORS.length), 0x2545_f491) & (A_OPERATOR - 1);
  return [first >>> 16, (first & 0xffff) + (spread >>> 16), spread & 0xffff];
}

/** The file `prefixes.csv` of so many prefixes. */
function prefixTable(size: number): string {
  const lines = ["prefix,operator,region,access"];
  for (let number = 0; number < size; number++) {
    const words = prefixWords(number).map((word) => word.toString(16));
    const [operator] = OPERATORS[number % OPERATORS.length] as (typeof OPERATORS)[number];
    const region = 210_100 + 100 * (number % REGIONS);
    lines.push(`${words.join(":")}::/48,${operator},${region},${number % 2 ? "mobile" : "fixed"}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Prefixes of the registry: loading it, its memory, and rows whose addresses lie in any of them. */
export const prefixes: Part = {
  name: "prefixes",
  grows: "prefixes of the registry",
  sizes: [1_000, 10_000, 100_000, 1_000_000],
  quickSizes: [1_000, 20_000],
  baseline: 1_000,
  series: {
    classify: {
      title: "classify, each row of another prefix",
      unit: "CPU-ns/row",
      cause: "the nodes of a longest-prefix match are out of the cache",
    },
    load: { title: "read, checked and compiled from a file", unit: "CPU-us/prefix" },
    memory: { title: "memory of registry and tables", unit: "bytes/prefix" },
  },
  async prepare(size, { seed, roundMs }) {
    const folder = mkdtempSync(join(tmpdir(), "v6meter-bench-"));
    try {
      writeFileSync(join(folder, "prefixes.csv"), prefixTable(size));
      const batches = flowRows(seed, CLASSIFIED_BATCHES, 16);
      const random = new Random(seed);
      for (const { columns, rows } of batches)
        for (let row = 0; row < rows; row++)
          for (const [i, word] of prefixWords(random.below(size)).entries()) {
            columns.src_addr[row * 16 + i * 2] = word >>> 8;
            columns.src_addr[row * 16 + i * 2 + 1] = word;
          }
      const without = loadRegistry(null);
      const before = liveBytes();
      const startedAt = cpuSeconds();
      const registry = loadRegistry(folder);
      expectCount("prefixes read", registry.prefixes.length - without.prefixes.length, size);
      const classifier = classifierOf({ registry });
      const classify = classifyPass(classifier, batches);
      // The tables of a moment are made with its first row.
      classify();
      const load = ((cpuSeconds() - startedAt) / size) * 1e6;
      const memory = (liveBytes() - before) / size;
      expectCount("prefixes kept", registry.prefixes.length - without.prefixes.length, size);
      for (const { columns, rows, labels } of batches)
        for (let row = 0; row < rows; row++)
          if (!labels.region[columns.region[row] as number]?.startsWith("21"))
            expectCount(`rows without the region of their prefix, row ${row} first`, 1, 0);
      return { once: { load, memory }, round: () => ({ classify: cpuNsPerUnit(classify, roundMs) }) };
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
