import { expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";

const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);

// RFC 3720, B.4, whose bytes are the other way round.
test.each([
  ["32 bytes of zeros", new Uint8Array(32), 0x8a9136aa],
  ["32 bytes of ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["32 bytes that ascend", ascending, 0x46dd794e],
  ["32 bytes that descend", ascending.toReversed(), 0x113fdb5c],
  ["nothing", new Uint8Array(0), 0],
])("the CRC of %s is as in the standard", (_, bytes, expected) => {
  expect(crc32c([bytes])).toBe(expected);
});

test("pieces of any length make the CRC of the whole", () => {
  const bytes = Uint8Array.from({ length: 1_000 }, (_, i) => i * 7);
  const whole = crc32c([bytes]);
  for (let at = 0; at < 40; at++) {
    const pieces = [bytes.subarray(0, at), bytes.subarray(at, at + 13), new Uint8Array(0), bytes.subarray(at + 13)];
    expect(crc32c(pieces)).toBe(whole);
  }
});
