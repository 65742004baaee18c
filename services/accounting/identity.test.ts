import { expect, test } from "vitest";
import { normaliseIdentity } from "./identity.ts";

test.each([
  { says: "a MAC address with hyphens", told: "00-1A-2B-3C-4D-5E", is: "001a2b3c4d5e" },
  { says: "one with colons", told: "00:1a:2b:3c:4D:5e", is: "001a2b3c4d5e" },
  { says: "one in three groups by dots", told: "001A.2B3C.4D5E", is: "001a2b3c4d5e" },
  { says: "one in three groups by hyphens", told: "001a-2b3c-4d5e", is: "001a2b3c4d5e" },
  { says: "one without signs", told: "001A2B3C4D5E", is: "001a2b3c4d5e" },
  { says: "a telephone number with its plus", told: "+8613800138000", is: "8613800138000" },
  { says: "one without", told: "8613800138000", is: "8613800138000" },
  { says: "white space and NULs around a name", told: " \tli@ln \0", is: "li@ln" },
  { says: "a name keeps its case", told: "Li@LN", is: "Li@LN" },
  { says: "mixed signs are no MAC address", told: "00-1A:2B-3C-4D-5E", is: "00-1A:2B-3C-4D-5E" },
  { says: "a plus alone is no number", told: "+12a45", is: "+12a45" },
  { says: "nothing but white space", told: " \0 ", is: "" },
])("$says", ({ told, is }) => {
  expect(normaliseIdentity(told)).toBe(is);
});
