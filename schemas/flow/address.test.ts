import { expect, test } from "vitest";
import { addressBytes, addressText } from "./address.ts";

test.each([
  { says: "IPv4 prints as a dotted quad", text: "192.0.2.1", prints: "192.0.2.1" },
  { says: "a mapped address is its IPv4 address", text: "::ffff:192.0.2.1", prints: "192.0.2.1" },
  { says: "the longest run of zeros is shortened", text: "2001:db8:0:0:1:0:0:0", prints: "2001:db8:0:0:1::" },
  { says: "a single zero group is not shortened", text: "2001:db8:0:1:1:1:1:1", prints: "2001:db8:0:1:1:1:1:1" },
  { says: "the first of equal runs is shortened", text: "2001:0:0:1:0:0:1:1", prints: "2001::1:0:0:1:1" },
  { says: "leading zeros go and letters are small", text: "2001:0DB8::00A1", prints: "2001:db8::a1" },
  { says: "the unspecified address", text: "::", prints: "::" },
  { says: "the loopback address", text: "::1", prints: "::1" },
  { says: "a zone is dropped", text: "fe80::1%eth0", prints: "fe80::1" },
  { says: "an embedded quad is read", text: "64:ff9b::192.0.2.33", prints: "64:ff9b::c000:221" },
])("$says", ({ text, prints }) => {
  const bytes = addressBytes(text);
  expect(bytes).not.toBeNull();
  expect(addressText(bytes as Uint8Array)).toBe(prints);
});

test.each(["", "1.2.3", "1.2.3.256", "1:2:3", "1::2::3", "12345::", "g::1", "1:2:3:4:5:6:7:8:9"])(
  "%j is not an address",
  (text) => expect(addressBytes(text)).toBeNull(),
);
