import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { Random } from "@v6meter/random";
import { expect, test } from "vitest";
import { contentOf } from "./folded.ts";
import { readFrameHeader, wrapFrame } from "./zstd-frame.ts";

const random = new Random(7);
const CONTENTS = {
  "one byte": Buffer.from("x"),
  "a run of one byte": Buffer.alloc(500_000, 7),
  "what does not compress": Buffer.from(random.bytes(300_000)),
  "several blocks": Buffer.from(Array.from({ length: 900_000 }, (_, i) => (i * i) >> 9)),
};
const LEVEL_1 = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
const SIZE_NOT_TOLD = { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } };

test.each(Object.entries(CONTENTS))("%s with something around it is one frame that any zstd reads", (_, content) => {
  for (const options of [LEVEL_1, SIZE_NOT_TOLD, {}]) {
    const frame = zstdCompressSync(content, options);
    for (const [before, behind] of [
      ["key=", "."],
      ["", ""],
    ] as const) {
      const pieces = wrapFrame(Buffer.from(before), frame, content.length, Buffer.from(behind));
      const wrapped = Buffer.concat(pieces);
      const expected = Buffer.concat([Buffer.from(before), content, Buffer.from(behind)]);
      expect(zstdDecompressSync(wrapped).equals(expected)).toBe(true);
      expect(wrapped.length - frame.length).toBeLessThan(before.length + behind.length + 20);
    }
  }
});

test("frames with a checksum and other bytes have no header that could be read", () => {
  const checked = zstdCompressSync("text", { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  for (const bytes of [checked, Buffer.from("no frame at all"), Buffer.alloc(0)]) {
    expect(readFrameHeader(bytes)).toBeNull();
    expect(() => wrapFrame(Buffer.alloc(1), bytes, 4, Buffer.alloc(1))).toThrow(RangeError);
  }
});

test("a frame that is cut short, or goes on, is refused", () => {
  const frame = zstdCompressSync(CONTENTS["several blocks"]);
  const wrap = (bytes: Uint8Array) => () => wrapFrame(Buffer.alloc(1), bytes, 900_000, Buffer.alloc(1));
  expect(wrap(frame.subarray(0, -1))).toThrow(RangeError);
  expect(wrap(frame.subarray(0, frame.length / 2))).toThrow(RangeError);
  expect(wrap(Buffer.concat([frame, frame]))).toThrow(RangeError);
});

test("a header tells the content's size where zstd wrote it, whatever its width", () => {
  // The widths of Frame_Content_Size change at 256 and 65,792 bytes.
  for (const bytes of [0, 1, 255, 256, 257, 65_791, 65_792, 900_000]) {
    const content = Buffer.alloc(bytes, 5);
    expect(readFrameHeader(zstdCompressSync(content, { pledgedSrcSize: bytes }))?.contentBytes).toBe(bytes);
    expect(readFrameHeader(zstdCompressSync(content, SIZE_NOT_TOLD))?.contentBytes).toBeNull();
  }
});

test("a value is unfolded whether its frame tells its size or not; another size than the bus was told is refused", () => {
  for (const content of Object.values(CONTENTS))
    for (const options of [LEVEL_1, SIZE_NOT_TOLD, { pledgedSrcSize: content.length }]) {
      const value = zstdCompressSync(content, options);
      expect(content.equals(contentOf({ value, contentBytes: content.length }))).toBe(true);
      expect(() => contentOf({ value, contentBytes: content.length - 1 })).toThrow(/A folded message of/);
      expect(() => contentOf({ value, contentBytes: content.length + 1 })).toThrow(/A folded message of/);
    }
});
