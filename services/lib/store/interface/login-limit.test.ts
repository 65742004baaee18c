import { expect, test } from "vitest";
import { LoginLimit, TooManyLogins } from "./login-limit.ts";

const REFILL_MS = 6_000;

function limitOf(maxFailed = 3) {
  let nowMs = 1_000_000;
  const limit = new LoginLimit({ maxFailed, refillMs: REFILL_MS, clock: () => nowMs });
  const mayTry = (address: string, name = "analyst") => {
    try {
      limit.check(address, name);
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(TooManyLogins);
      return false;
    }
  };
  /** Logins that fail until the address must wait, of at most so many. */
  const fails = (address: string, name = "analyst", most = 100) => {
    let failed = 0;
    for (; failed < most && mayTry(address, name); failed++) limit.failed(address, name);
    return failed;
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { limit, mayTry, fails, pass };
}

test("so many may fail, then one more after each while", () => {
  const { limit, fails, mayTry, pass } = limitOf(3);
  expect(fails("192.0.2.1")).toBe(3);
  expect(() => limit.check("192.0.2.1", "analyst")).toThrow(
    "analyst: Too many failed logins from 192.0.2.1: allowed is the next one in 6 s.",
  );
  pass(REFILL_MS - 1);
  expect(mayTry("192.0.2.1")).toBe(false);
  pass(1);
  expect(fails("192.0.2.1")).toBe(1);
  pass(100 * REFILL_MS);
  expect(fails("192.0.2.1")).toBe(3);
});

test("logins that succeed cost nothing", () => {
  const { fails, mayTry } = limitOf(3);
  for (let i = 0; i < 10; i++) expect(mayTry("192.0.2.1")).toBe(true);
  expect(fails("192.0.2.1")).toBe(3);
});

test.each([
  { says: "another address", address: "192.0.2.2", name: "analyst", shares: false },
  { says: "another user of the address", address: "192.0.2.1", name: "v6meter", shares: false },
  { says: "the address as a dual socket tells it", address: "::ffff:192.0.2.1", name: "analyst", shares: true },
])("$says: shares the count: $shares", ({ address, name, shares }) => {
  const { fails, mayTry } = limitOf();
  fails("192.0.2.1");
  expect(mayTry(address, name)).toBe(!shares);
});

test.each([
  { says: "the same /64", address: "2001:db8:1:2:ffff::9", shares: true },
  { says: "the same /64, written shorter", address: "2001:db8:1:2::", shares: true },
  { says: "another /64", address: "2001:db8:1:3::1", shares: false },
  { says: "a prefix whose zeros are left out", address: "2001:db8::2:0:0:0:1", shares: false },
])("of IPv6, $says: shares the count: $shares", ({ address, shares }) => {
  const { fails, mayTry } = limitOf();
  fails("2001:db8:1:2::1");
  expect(mayTry(address)).toBe(!shares);
});

test("names that are made up fill no table", () => {
  const { limit } = limitOf();
  for (let i = 0; i < 10_000; i++) limit.failed("192.0.2.1", `user${i}`);
  expect(limit.size).toBeLessThanOrEqual(64);
});

test("addresses without end are held to the table's size, and share one count beyond it", () => {
  const { limit, fails, mayTry, pass } = limitOf(3);
  for (let i = 0; i < 10_000; i++) limit.failed(`10.1.${i >> 8}.${i & 255}`, "analyst");
  expect(limit.size).toBe(4_096);
  expect(fails("192.0.2.1"), "the others have failed already").toBe(0);
  expect(mayTry("10.1.0.1"), "who is in the table keeps its count").toBe(true);
  // Whoever has waited long enough is forgotten, and there is room again.
  pass(4 * REFILL_MS);
  expect(fails("192.0.2.1")).toBe(3);
  expect(limit.size).toBe(1);
});
