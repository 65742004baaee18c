import { expect, test } from "vitest";
import { sipHash24 } from "./siphash.ts";

// vectors_sip64 of the authors' reference implementation (github.com/veorq/SipHash, CC0): the key is
// the bytes 00 to 0f, the message of length n the bytes 00 to n - 1, the hash little-endian.
const VECTORS = [
  "310e0edd47db6f72",
  "fd67dc93c539f874",
  "5a4fa9d909806c0d",
  "2d7efbd796666785",
  "b7877127e09427cf",
  "8da699cd64557618",
  "cee3fe586e46c9cb",
  "37d1018bf50002ab",
  "6224939a79f5f593",
  "b0e4a90bdf82009e",
  "f3b9dd94c5bb5d7a",
  "a7ad6b22462fb3f4",
  "fbe50e86bc8f1e75",
  "903d84c02756ea14",
  "eef27a8e90ca23f7",
  "e545be4961ca29a1",
];

const key = Uint32Array.of(0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c);
const bytes = Uint8Array.from({ length: 64 }, (_, i) => i);

test.each(VECTORS.map((hash, length) => ({ length, hash })))(
  "the published hash of $length bytes",
  ({ length, hash }) => {
    const out = new Uint32Array(2);
    sipHash24(key, bytes, length, out);
    expect(Buffer.from(out.buffer).toString("hex")).toBe(hash);
  },
);

test("the worked example of the paper's appendix A", () => {
  const out = new Uint32Array(2);
  sipHash24(key, bytes, 15, out);
  expect([out[1], out[0]]).toEqual([0xa129ca61, 0x49be45e5]);
});
