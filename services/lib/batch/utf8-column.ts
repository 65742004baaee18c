import { type Data, makeData, Utf8 } from "apache-arrow";

/** Words as an Arrow Utf8 column without nulls. */
export function utf8Column(words: readonly string[]): Data<Utf8> {
  const encoder = new TextEncoder();
  const encoded = words.map((word) => encoder.encode(word));
  const valueOffsets = new Int32Array(words.length + 1);
  for (const [i, bytes] of encoded.entries()) valueOffsets[i + 1] = (valueOffsets[i] as number) + bytes.length;
  const data = new Uint8Array(valueOffsets[words.length] as number);
  for (const [i, bytes] of encoded.entries()) data.set(bytes, valueOffsets[i] as number);
  return makeData({ type: new Utf8(), length: words.length, nullCount: 0, valueOffsets, data });
}
