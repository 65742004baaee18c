import { rmSync } from "node:fs";
import { Fault } from "@v6meter/schemas";
import { describe, expect, test } from "vitest";
import { loadRegistry } from "./load-registry.ts";
import { type RegistryTexts, registryFolder, registryOf } from "./test-registry.ts";

/** The lines of the fault that loading these files throws, without the folder's name. */
function problemsOf(texts: RegistryTexts): string[] {
  const dir = registryFolder(texts);
  try {
    loadRegistry(dir);
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    expect(fault.code).toBe("REGISTRY_INVALID");
    return fault.message.replaceAll(`${dir}/`, "").split("\n");
  } finally {
    rmSync(dir, { recursive: true });
  }
  return [];
}

describe("what is built in", () => {
  const registry = loadRegistry(null);

  test("the 14 cities and the province; the cities' residents add up to the census", () => {
    expect(registry.regions).toHaveLength(15);
    expect(registry.regions[0]).toEqual({ code: "210000", zh: "省本级", en: "Liaoning" });
    const cities = registry.regions.slice(1);
    expect(cities.map(({ code }) => code)).toEqual(Array.from({ length: 14 }, (_, i) => String(210_100 + 100 * i)));
    expect(cities.reduce((sum, { population = 0 }) => sum + population, 0)).toBe(42_591_407);
    expect(cities[0]).toMatchObject({ zh: "沈阳", en: "Shenyang", tile: [2, 1] });
    expect(new Set(cities.map(({ tile }) => String(tile))).size).toBe(14);
  });

  test("the six operators", () => {
    expect(registry.operators.map(({ id }) => id)).toEqual([
      "telecom",
      "unicom",
      "mobile",
      "broadnet",
      "cernet",
      "cstnet",
    ]);
  });

  test("no exporter", () => expect(registry.exporters).toEqual([]));

  test("an empty folder adds nothing; what is no registry file is left alone", () => {
    const { version: _, ...builtIn } = registry;
    expect(registryOf({ "README.md": "notes", ".prefixes.csv.swp": "" })).toMatchObject(builtIn);
  });
});

describe("a folder adds and overrides by key", () => {
  test("an entry of the same key replaces the built-in one, others stay", () => {
    const registry = registryOf({
      "operators.yaml":
        "operators: [{ id: telecom, zh: 电信, en: Telecom, asns: [4134, 9808] }, { id: lab, zh: 实验室, en: Lab }]",
    });
    expect(registry.operators).toHaveLength(7);
    expect(registry.operators.find(({ id }) => id === "telecom")).toEqual({
      id: "telecom",
      zh: "电信",
      en: "Telecom",
      asns: [4134, 9808],
      subscriberPrefixLengths: {},
    });
    // An ASN belongs to one operator: the folder's word goes.
    expect(registry.operators.find(({ id }) => id === "mobile")?.asns).toEqual([56044]);
  });

  test("every file whose name begins with prefixes and ends in .csv is read", () => {
    const registry = registryOf({
      "prefixes.csv": "prefix\n240e:30c::/32\n",
      "prefixes-mobile-2026.csv": "prefix,region\n2409:8a14:1000::/36,210100\n",
    });
    const own = registry.prefixes.filter(({ place }) => !place.builtIn).map(({ prefix }) => prefix.text);
    expect(own.toSorted()).toEqual(["2409:8a14:1000::/36", "240e:30c::/32"]);
  });

  test("prefixes are kept in their canonical form, so that one prefix has one key", () => {
    const registry = registryOf({ "prefixes.csv": "prefix,region\n240E:030C:0000::/30,210100\n" });
    const rows = registry.prefixes.filter(({ prefix }) => prefix.text === "240e:30c::/30");
    expect(rows.map(({ region }) => region)).toEqual(["210100"]);
  });

  test("comments, empty lines, a byte order mark, quotes and spaces are read over", () => {
    const text = '\ufeff# from the operator\n\nprefix , operator\n "2409:8a14:1000::/36", mobile\n\n# end\n';
    expect(registryOf({ "prefixes.csv": text }).prefixes.at(-1)).toMatchObject({ operator: "mobile" });
  });

  test("transition prefixes add to the built-in ones", () => {
    const registry = registryOf({ "transition.yaml": 'nat64: { prefixes: ["240e:0:500::/96"] }' });
    const nat64 = registry.transition.filter(({ role }) => role === "nat64_prefixes").map(({ prefix }) => prefix.text);
    expect(nat64).toEqual(["64:ff9b::/96", "64:ff9b:1::/48", "240e:0:500::/96"]);
  });

  test("the version tells registries of other contents apart", () => {
    const one = { "prefixes.csv": "prefix\n240e:30c::/32\n" };
    expect(registryOf(one).version).toBe(registryOf(one).version);
    expect(registryOf(one).version).toMatch(/^[0-9a-f]{12}$/);
    expect(registryOf(one).version).not.toBe(loadRegistry(null).version);
  });
});

describe("a mistake is told with file and line, what was found and what is allowed", () => {
  const header = "prefix,operator,region,access,valid_from,valid_to,subscriber_prefix_length\n";
  test.each<{ says: string; texts: RegistryTexts; problem: string | RegExp }>([
    {
      says: "host bits",
      texts: { "prefixes.csv": `${header}240e:30c::1/30,telecom,210100,fixed,,,\n` },
      problem: 'prefixes.csv:2: prefix "240e:30c::1/30" has host bits set; the prefix is 240e:30c::/30',
    },
    {
      says: "IPv4 host bits",
      texts: { "prefixes.csv": "prefix\n# one\n\n10.1.2.3/8\n" },
      problem: 'prefixes.csv:4: prefix "10.1.2.3/8" has host bits set; the prefix is 10.0.0.0/8',
    },
    {
      says: "a length that is too long",
      texts: { "prefixes.csv": "prefix\n240e::/129\n" },
      problem: /^prefixes\.csv:2: prefix "240e::\/129" /,
    },
    {
      says: "a length that is no number",
      texts: { "prefixes.csv": "prefix\n10.0.0.0/x\n" },
      problem: 'prefixes.csv:2: prefix "10.0.0.0/x" has no valid length; allowed is 0 to 32',
    },
    {
      says: "no length",
      texts: { "prefixes.csv": "prefix\n240e::\n" },
      problem: 'prefixes.csv:2: prefix "240e::" has no length; write it like 2001:db8::/32',
    },
    {
      says: "no prefix at all",
      texts: { "prefixes-a.csv": "prefix\nshenyang\n" },
      problem: 'prefixes-a.csv:2: prefix "shenyang" has no length; write it like 192.0.2.0/24',
    },
    {
      says: "a word with a length",
      texts: { "prefixes.csv": "prefix\n240e:xyz::/32\n" },
      problem: 'prefixes.csv:2: prefix "240e:xyz::/32" is not an IPv6 prefix; write it like 2001:db8::/32',
    },
    {
      says: "an octet beyond 255",
      texts: { "prefixes.csv": "prefix\n300.0.0.0/8\n" },
      problem: 'prefixes.csv:2: prefix "300.0.0.0/8" is not an IPv4 prefix; write it like 192.0.2.0/24',
    },
    {
      says: "a mapped prefix",
      texts: { "prefixes.csv": "prefix\n::ffff:10.0.0.0/104\n" },
      problem:
        'prefixes.csv:2: prefix "::ffff:10.0.0.0/104" is an IPv4-mapped prefix; write it as IPv4, like 10.0.0.0/8',
    },
    {
      says: "a region that is not registered",
      texts: { "prefixes.csv": "prefix,region\n240e:30c::/32,219900\n" },
      problem: /^prefixes\.csv:2: region "219900" is not registered; allowed are unknown, 210000, 210100, .*211400$/,
    },
    {
      says: "an operator that is not registered",
      texts: { "prefixes.csv": "prefix,operator\n240e:30c::/32,telekom\n" },
      problem:
        'prefixes.csv:2: operator "telekom" is not registered; allowed are unknown, telecom, unicom, mobile, broadnet, cernet, cstnet',
    },
    {
      says: "an access type that is none",
      texts: { "prefixes.csv": "prefix,access\n240e:30c::/32,cable\n" },
      problem: /^prefixes\.csv:2: access: found "cable"; .*"mobile"\|"fixed"/,
    },
    {
      says: "the same prefix twice",
      texts: { "prefixes.csv": "prefix,region\n240e:30c::/32,210100\n240e:30c:0::/32,210200\n" },
      problem: /^prefixes\.csv:3: 240e:30c::\/32 overlaps prefixes\.csv:2, the same prefix in force at the same time; /,
    },
    {
      says: "the same prefix in two files",
      texts: { "prefixes-a.csv": "prefix\n240e:30c::/32\n", "prefixes-b.csv": "prefix\n240e:30c::/32\n" },
      problem: /^prefixes-b\.csv:2: 240e:30c::\/32 overlaps prefixes-a\.csv:2, /,
    },
    {
      says: "overlapping dates",
      texts: {
        "prefixes.csv":
          "prefix,valid_from,valid_to\n240e:30c::/32,2026-01-01,2026-03-02\n240e:30c::/32,2026-03-01,2026-04-01\n",
      },
      problem: /^prefixes\.csv:3: 240e:30c::\/32 overlaps prefixes\.csv:2, /,
    },
    {
      says: "a date that is none",
      texts: { "prefixes.csv": "prefix,valid_from\n240e:30c::/32,2026-02-30\n" },
      problem: /^prefixes\.csv:2: valid_from: found "2026-02-30"; must be a day \(2026-01-31, /,
    },
    {
      says: "an end before the beginning",
      texts: { "prefixes.csv": "prefix,valid_from,valid_to\n240e:30c::/32,2026-03-01,2026-03-01\n" },
      problem:
        "prefixes.csv:2: valid_to 2026-03-01 is not after valid_from 2026-03-01; the row would never be in force",
    },
    {
      says: "a subscriber prefix longer than an address",
      texts: { "prefixes.csv": "prefix,subscriber_prefix_length\n240e:30c::/32,129\n" },
      problem: /^prefixes\.csv:2: subscriber_prefix_length: found /,
    },
    {
      says: "a subscriber prefix shorter than its prefix",
      texts: { "prefixes.csv": "prefix,subscriber_prefix_length\n240e:30c::/32,31\n" },
      problem: "prefixes.csv:2: subscriber_prefix_length 31 is shorter than the prefix; allowed is 32 to 128",
    },
    {
      says: "a subscriber prefix of IPv4",
      texts: { "prefixes.csv": "prefix,subscriber_prefix_length\n218.60.0.0/16,24\n" },
      problem: "prefixes.csv:2: subscriber_prefix_length has no meaning for IPv4; leave it empty",
    },
    {
      says: "an unknown column",
      texts: { "prefixes.csv": "# table\nprefix,city\n240e:30c::/32,Shenyang\n" },
      problem:
        'prefixes.csv:2: column "city" is unknown or given twice; allowed are prefix, operator, region, access, valid_from, valid_to, subscriber_prefix_length, subscriber_pool',
    },
    {
      says: "a row without its prefix",
      texts: { "prefixes.csv": "prefix,region\n,210100\n" },
      problem: /^prefixes\.csv:2: prefix: found nothing; /,
    },
    {
      says: "too many cells",
      texts: { "prefixes.csv": "prefix,region\n240e:30c::/32,210100,fixed\n" },
      problem: "prefixes.csv:2: has 3 cells, but the header names 2",
    },
    {
      says: "an open quote",
      texts: { "prefixes.csv": 'prefix\n"240e:30c::/32\n' },
      problem: /^prefixes\.csv:\d: is not valid CSV: /,
    },
    {
      says: "an empty table",
      texts: { "special.csv": "\n" },
      problem: "special.csv:1: has no header; the columns are prefix,kind,name,source",
    },
    {
      says: "a kind of special range that is none",
      texts: { "special.csv": "prefix,kind\n10.0.0.0/8,shared\n" },
      problem: /^special\.csv:2: kind: found "shared"; .*"special"\|"private"\|"global"/,
    },
    {
      says: "a special range twice",
      texts: { "special.csv": "prefix,kind\n10.0.0.0/8,special\n10.0.0.0/8,private\n" },
      problem: "special.csv:3: 10.0.0.0/8 is given twice; it stands already in special.csv:2",
    },
    {
      says: "a file that is not the registry's",
      texts: { "operator.yaml": "operators: []" },
      problem:
        "operator.yaml: is not a file of the registry; allowed are regions.yaml, operators.yaml, exporters.yaml, transition.yaml, prefixes*.csv, special.csv",
    },
    {
      says: "broken YAML",
      texts: { "regions.yaml": 'regions:\n  - code: "999001\n' },
      problem: /^regions\.yaml:\d: is not valid YAML: /,
    },
    {
      says: "an empty YAML file",
      texts: { "regions.yaml": "" },
      problem: /^regions\.yaml:1: the file: found null; /,
    },
    {
      says: "a region twice",
      texts: {
        "regions.yaml": 'regions:\n  - { code: "999001", zh: a, en: a }\n  - { code: "999001", zh: b, en: b }\n',
      },
      problem: "regions.yaml:3: 999001 is given twice; it stands already in regions.yaml:2",
    },
    {
      says: "a code that YAML reads as a number",
      texts: { "regions.yaml": "regions:\n  - zh: a\n    code: 210100\n    en: a\n" },
      problem: /^regions\.yaml:3: regions\[0\]\.code: found 210100; .*string/,
    },
    {
      says: "a region named unknown",
      texts: { "regions.yaml": "regions:\n  - { code: unknown, zh: a, en: a }\n" },
      problem: /^regions\.yaml:2: regions\[0\]\.code: found "unknown"; must not be unknown/,
    },
    {
      says: "one ASN of two operators",
      texts: {
        "operators.yaml":
          "operators:\n  - { id: a, zh: a, en: a, asns: [65001] }\n  - { id: b, zh: b, en: b, asns: [65001] }\n",
      },
      problem: "operators.yaml:3: AS65001 is given twice; it stands already in operators.yaml:2",
    },
    {
      says: "an unknown key",
      texts: { "operators.yaml": "operators:\n  - id: a\n    zh: a\n    en: a\n    asn: 65001\n" },
      problem: "operators.yaml:5: operators[0].asn is unknown; allowed are id, zh, en, asns, subscriber_prefix_lengths",
    },
    {
      says: "an exporter that is no address",
      texts: { "exporters.yaml": "exporters:\n  - name: a\n    exporter: router-1\n" },
      problem: 'exporters.yaml:3: exporter "router-1" is not an IPv4 prefix; write it like 192.0.2.0/24',
    },
    {
      says: "an exporter twice",
      texts: { "exporters.yaml": "exporters:\n  - exporter: 192.0.2.1\n  - exporter: 192.0.2.1/32\n" },
      problem: "exporters.yaml:3: 192.0.2.1/32 is given twice; it stands already in exporters.yaml:2",
    },
    {
      says: "an exporter's region",
      texts: { "exporters.yaml": 'exporters:\n  - exporter: 192.0.2.1\n    region: "1"\n' },
      problem: /^exporters\.yaml:3: region "1" is not registered; /,
    },
    {
      says: "an interface's operator",
      texts: {
        "exporters.yaml": "exporters:\n  - exporter: 192.0.2.1\n    interfaces:\n      12:\n        operator: x\n",
      },
      problem: /^exporters\.yaml:5: operator "x" is not registered; /,
    },
    {
      says: "an interface's side",
      texts: {
        "exporters.yaml":
          "exporters:\n  - exporter: 192.0.2.1\n    interfaces:\n      12: { name: a }\n      13:\n        side: customer\n",
      },
      problem:
        /^exporters\.yaml:6: exporters\[0\]\.interfaces\.13\.side: found "customer"; .*"subscriber"\|"core"\|"peer"/,
    },
    {
      says: "an unknown key of an interface",
      texts: {
        "exporters.yaml": "exporters:\n  - exporter: 192.0.2.1\n    interfaces:\n      12: { count: false }\n",
      },
      problem:
        "exporters.yaml:4: exporters[0].interfaces.12.count is unknown; allowed are name, region, operator, access, observation_point, side, counted",
    },
    {
      says: "an interface given twice",
      texts: {
        "exporters.yaml": "exporters:\n  - exporter: 192.0.2.1\n    interfaces:\n      12: {}\n      12: {}\n",
      },
      problem: /^exporters\.yaml:5: is not valid YAML: Map keys must be unique/,
    },
    {
      says: "an interface that is no ifIndex",
      texts: { "exporters.yaml": "exporters:\n  - exporter: 192.0.2.1\n    interfaces:\n      ge-0/0/1: {}\n" },
      problem:
        "exporters.yaml:4: exporters[0].interfaces.ge-0/0/1 is not allowed; must be an ifIndex of 0 to 4294967295",
    },
    {
      says: "a sampling rate of 0",
      texts: { "exporters.yaml": "exporters:\n  - exporter: 192.0.2.1\n    sampling_rate: 0\n" },
      problem: /^exporters\.yaml:3: exporters\[0\]\.sampling_rate: found 0; /,
    },
    {
      says: "an observation point that is none",
      texts: { "exporters.yaml": "exporters:\n  - exporter: 192.0.2.1\n    observation_point: edge\n" },
      problem: /^exporters\.yaml:3: exporters\[0\]\.observation_point: found "edge"; .*"man"/,
    },
    {
      says: "a transition prefix of the wrong family",
      texts: { "transition.yaml": "nat64:\n  prefixes:\n    - 192.0.2.0/24\n" },
      problem: "transition.yaml:3: nat64.prefixes takes IPv6 prefixes, found 192.0.2.0/24",
    },
    {
      says: "a transition technology that is none",
      texts: { "transition.yaml": "lw4o6: {}\n" },
      problem:
        "transition.yaml:1: lw4o6 is unknown; allowed are ds_lite, map_e, srv6, map_t, 464xlat, nat64, 6to4, teredo, 6rd",
    },
    {
      says: "a transition prefix twice",
      texts: { "transition.yaml": 'ds_lite:\n  aftr:\n    - "240e::1"\n    - "240e::1/128"\n' },
      problem: "transition.yaml:4: ds_lite.aftr 240e::1/128 is given twice; it stands already in transition.yaml:3",
    },
  ])("$says", ({ texts, problem }) => {
    const problems = problemsOf(texts);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toEqual(typeof problem === "string" ? problem : expect.stringMatching(problem));
  });

  test("all mistakes are told at once, over all files", () => {
    const problems = problemsOf({
      "prefixes.csv": "prefix,access\n240e::1/32,fixed\n240e:30c::/32,cable\n",
      "exporters.yaml": "exporters:\n  - { exporter: 192.0.2.2, size: 1 }\n  - { exporter: 192.0.2.1, colour: red }\n",
    });
    expect(problems.map((line) => line.split(": ")[0])).toEqual([
      "exporters.yaml:2",
      "exporters.yaml:3",
      "prefixes.csv:2",
      "prefixes.csv:3",
    ]);
  });

  test("twenty are listed, the others are counted", () => {
    const rows = Array.from({ length: 33 }, () => "bad/1").join("\n");
    const problems = problemsOf({ "prefixes.csv": `prefix\n${rows}\n` });
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toBe("and 13 more");
  });

  test("a folder that is not there", () => {
    expect(() => loadRegistry("/nonexistent/registry")).toThrow(
      /^The registry folder \/nonexistent\/registry cannot be read: ENOENT/,
    );
  });

  test("rows in force one after the other are no overlap", () => {
    const text =
      "prefix,valid_from,valid_to\n240e:30c::/32,,2026-03-01\n240e:30c::/32,2026-03-01,2026-04-01\n240e:30c::/32,2026-04-01T00:00:00+08:00,\n";
    expect(problemsOf({ "prefixes.csv": text })).toEqual([]);
  });
});
