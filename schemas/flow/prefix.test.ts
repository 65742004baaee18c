import { expect, test } from "vitest";
import { addressText } from "./address.ts";
import { networkOf, parseAddressPrefix } from "./prefix.ts";

test.each([
  ["192.0.2.0/24", { version: 4, length: 120 }],
  ["0.0.0.0/0", { version: 4, length: 96 }],
  ["192.0.2.1", { version: 4, length: 128 }],
  ["2001:db8::/32", { version: 6, length: 32 }],
  ["::/0", { version: 6, length: 0 }],
  ["2001:db8::1", { version: 6, length: 128 }],
])("%s is a prefix", (text, is) => expect(parseAddressPrefix(text)).toMatchObject(is));

test.each([
  "",
  "/8",
  "192.0.2.0/33",
  "2001:db8::/129",
  "192.0.2.0/",
  "192.0.2.0/08",
  "192.0.2.0/8/8",
  "fe80::1%eth0/64",
])("%j is none", (text) => expect(parseAddressPrefix(text)).toBeNull());

test.each([
  ["2001:db8:ffff::1/36", "2001:db8:f000::"],
  ["192.0.2.255/25", "192.0.2.128"],
  ["192.0.2.255/0", "0.0.0.0"],
  ["2001:db8::1/0", "::"],
  ["2001:db8::1", "2001:db8::1"],
])("the network of %s is %s", (text, network) => {
  const { address, length } = parseAddressPrefix(text) as NonNullable<ReturnType<typeof parseAddressPrefix>>;
  expect(addressText(networkOf(address, length))).toBe(network);
  expect(addressText(address)).toBe(text.split("/")[0]);
});
