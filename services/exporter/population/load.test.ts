import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadPopulation, POPULATION_SCENARIO, parsePopulation } from "./load.ts";

const text = readFileSync(POPULATION_SCENARIO, "utf8");

test("the province that is shipped is one, with fourteen cities, four operators and four kinds of access", () => {
  const { regions, networks, habits } = loadPopulation();
  expect(regions).toHaveLength(14);
  expect(new Set(networks.map(({ operator }) => operator)).size).toBe(4);
  expect(new Set(networks.map(({ access }) => access))).toEqual(new Set(Object.keys(habits)));
});

describe("a mistake is one sentence", () => {
  test.each([
    { says: "an unknown key", change: ["spread: 0.1", "sprad: 0.1"], found: /Unrecognized key: "sprad"/ },
    { says: "an application that is not there", change: ["[things]", "[thing]"], found: /thing is not one of video/ },
    {
      says: "shares of more than all",
      change: ["private: 0.9 }", "private: 0.9, shared: 0.2 }"],
      found: /more than 1/,
    },
    { says: "a WAN /64 without a prefix", change: ["prefix_length: 56", "prefix_length: 64"], found: /no WAN \/64/ },
    {
      says: "a network no router sees",
      change: ["{ operator: unicom, access: iot, weight: 1, ", "{ operator: unicom, access: mobile, weight: 1, "],
      found: /unicom\/iot in 210100 is seen by no router of version 9 or 10/,
    },
  ])("$says", ({ change: [from, to], found }) => {
    expect(text).toContain(from);
    expect(() => parsePopulation(text.replace(from as string, to as string), "province.yaml")).toThrow(found);
  });
});
