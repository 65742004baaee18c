import { zstdDecompressSync } from "node:zlib";
import { Random } from "@v6meter/random";
import { nativeFunctions } from "@v6meter/runtime";
import { describe, expect, test } from "vitest";
import { createFolding, type Folding, ZlibFolding } from "./fold.ts";

const allocate = (bytes: number) => new Uint8Array(bytes);
const flowsLike = (bytes: number, seed: number) =>
  Uint8Array.from({ length: bytes }, (_, i) => (i % 16 < 3 ? seed + i : (i >> 12) & 7));

const FOLDINGS: [name: string, create: () => Folding][] = [["by node:zlib", () => new ZlibFolding()]];
if (nativeFunctions({ ZSTD_compressStream2: { arguments: [], return: "u64" } }))
  FOLDINGS.push(["by zstd itself", createFolding]);

describe.each(FOLDINGS)("folding %s", (_, create) => {
  test("values of several slices fold to frames of their content, also when they wait for each other", async () => {
    const folding = create();
    const contents = [70_000, 524_288, 3_000_001].map(flowsLike);
    const folded = await Promise.all(contents.map((content) => folding.fold(content, allocate)));
    for (const [i, { value, contentBytes }] of folded.entries()) {
      expect(contentBytes).toBe(contents[i]?.length);
      expect(value.length).toBeLessThan((contentBytes as number) / 2);
      expect(zstdDecompressSync(value).equals(contents[i] as Uint8Array)).toBe(true);
    }
    folding.close();
    const again = await folding.fold(contents[0] as Uint8Array, allocate);
    expect(again.value).toEqual(folded[0]?.value);
    folding.close();
  });

  test("small values and those that do not compress stay as they are", async () => {
    const folding = create();
    for (const content of [new Uint8Array(1_000), new Random(3).bytes(1_000_000)]) {
      expect(await folding.fold(content, allocate)).toEqual({ value: content });
    }
    folding.close();
  });
});
