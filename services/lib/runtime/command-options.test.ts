import { expect, test } from "vitest";
import { hostPortOption, wholeOption } from "./command-options.ts";

test.each(["7", "10"])("%s is a whole number from 7 to 10", (text) => {
  expect(wholeOption("rounds", text, 7, 10)).toBe(Number(text));
});

test.each(["6", "11", "", " 8", "8.0", "0x8", "8e0", "-8", "many"])(
  "%j is not, and what is allowed is said",
  (text) => {
    expect(() => wholeOption("rounds", text, 7, 10)).toThrow(
      `--rounds: found ${text}, allowed is a whole number from 7 to 10. See --help.`,
    );
  },
);

test("without an upper end, up to what a number holds exactly", () => {
  expect(wholeOption("seed", "9007199254740991", 0)).toBe(Number.MAX_SAFE_INTEGER);
  expect(() => wholeOption("seed", "9007199254740992", 0)).toThrow("allowed is a whole number from 0.");
});

test("where to send to has a host and a port above 0", () => {
  expect(hostPortOption("to", "[2001:db8::1]:2055")).toEqual({ host: "2001:db8::1", port: 2055 });
  for (const text of ["x", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536"])
    expect(() => hostPortOption("to", text)).toThrow(
      `--to: found ${text}, allowed is HOST:PORT or [IPv6]:PORT with a port of 1 to 65535. See --help.`,
    );
});
