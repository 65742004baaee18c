import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DEMO_SCENARIO, loadScenario, parseScenario } from "./load.ts";
import { createPace } from "./pace.ts";
import { createProvince } from "./province.ts";
import { createSession } from "./session.ts";
import { exportDay, smallProvince, TEST_START_MS } from "./test-export.ts";
import { truthJson, truthShares } from "./truth.ts";

const demo = readFileSync(DEMO_SCENARIO, "utf8");

describe("the same seed", () => {
  test("gives the same truth and the same bytes", () => {
    const [a, b] = [exportDay(smallProvince(2_000, 3)), exportDay(smallProvince(2_000, 3))];
    expect(truthJson(a.truth)).toBe(truthJson(b.truth));
    expect(
      Buffer.concat(a.datagrams.map(({ payload }) => payload)).equals(
        Buffer.concat(b.datagrams.map(({ payload }) => payload)),
      ),
    ).toBe(true);
  });
  test("is another than another seed", () => {
    expect(truthJson(smallProvince(2_000, 3).truth)).not.toBe(truthJson(smallProvince(2_000, 4).truth));
  });
});

describe("the truth", () => {
  const province = smallProvince(40_000);
  const { truth } = province;

  test("adds up: cells, routers and the whole say the same", () => {
    const sum = (list: readonly { bytes: bigint; packets: bigint }[], name: "bytes" | "packets") =>
      list.reduce((total, it) => total + it[name], 0n);
    for (const name of ["bytes", "packets"] as const) {
      expect(sum(truth.cells, name)).toBe(truth[name]);
      expect(sum(truth.routers, name)).toBe(truth[name]);
    }
    expect(truth.cells.reduce((total, { records }) => total + records, 0)).toBe(truth.records);
    expect(truth.routers.reduce((total, { records }) => total + records, 0)).toBe(truth.records);
    const withheld = truth.routers.reduce((total, router) => total + router.withheld.records, 0);
    expect(truth.records + withheld).toBe(province.routers.reduce((total, { rows }) => total + rows.bytes.length, 0));
  });

  test("scales by the rate a router tells; of a silent router the bytes stay as exported and are marked", () => {
    const scaled = truth.routers.reduce((sum, { bytes, samplingRate }) => sum + bytes * BigInt(samplingRate || 1), 0n);
    expect(truth.scaledBytes).toBe(scaled);
    const unknown = truth.cells.reduce((sum, { unknownSamplingBytes }) => sum + unknownSamplingBytes, 0n);
    expect(unknown).toBe(truth.routers.find(({ name }) => name === "ln-unicom-bras-9")?.bytes);
    expect(unknown).toBeGreaterThan(0n);
  });

  test("every city, operator and access type of the scenario has traffic of both families", () => {
    const seen = new Set(
      truth.cells.map(({ region, operator, access, family }) => [region, operator, access, family].join("/")),
    );
    for (const { code } of province.scenario.regions)
      for (const { operator, access } of province.scenario.networks)
        for (const family of [4, 6]) expect(seen).toContain([code, operator, access, family].join("/"));
  });

  test("the share of a large network is near the one the scenario asks for", () => {
    const shares = truthShares(truth, ({ operator, access }) => `${operator}/${access}`);
    expect(shares.get("telecom/mobile")?.share).toBeCloseTo(0.68, 1);
    expect(shares.get("unicom/fixed")?.share).toBeCloseTo(0.31, 1);
  });

  test("tunnels whose inner packet is not exported, and special addresses, are in neither sum", () => {
    const all = truthShares(truth, () => "all").get("all");
    const excluded = truth.cells
      .filter(({ technology }) => ["tunnel_unknown", "gtp_u", "special"].includes(technology))
      .reduce((sum, { scaledBytes }) => sum + scaledBytes, 0n);
    expect(excluded).toBeGreaterThan(0n);
    expect(all?.totalBytes).toBe(truth.scaledBytes - excluded);
  });

  test("busy hours have more traffic than quiet ones, in the curve's proportion", () => {
    const { order, hourStarts, routers, scenario } = province;
    const records = (hour: number) => {
      let sum = 0;
      for (let i = hourStarts[hour] as number; i < (hourStarts[hour + 1] as number); i++)
        sum += routers[order.routers[i] as number]?.datagrams[order.datagrams[i] as number]?.records ?? 0;
      return sum;
    };
    const [quiet, busy] = [scenario.day_curve[3] as number, scenario.day_curve[21] as number];
    expect(records(21) / records(3)).toBeCloseTo(busy / quiet, 0);
  });
});

describe("a router", () => {
  const province = smallProvince(20_000);
  const routerOf = (name: string) => {
    const router = province.routers.find(({ spec }) => spec.name === name);
    if (!router) throw new Error(name);
    return router;
  };
  const versionOfSets = (bytes: Buffer) => (bytes.readUInt16BE(0) === 9 ? 20 : 16);
  const isTemplate = (bytes: Buffer) => bytes.readUInt16BE(versionOfSets(bytes)) < 256;

  test("sends its templates first, after so many datagrams, and after so many seconds", () => {
    const router = routerOf("ln-unicom-man-1");
    const session = createSession(router, TEST_START_MS);
    const at: number[] = [];
    const play = (index: number, nowMs: number) =>
      session.export(index, nowMs, (bytes) => (isTemplate(bytes) ? at.push(index) > 0 : true));
    for (let i = 0; i < 250; i++) play(i, TEST_START_MS);
    expect(at).toEqual([0, 200]);
    play(250, TEST_START_MS + 59_999);
    expect(at).toEqual([0, 200]);
    play(251, TEST_START_MS + 60_000);
    expect(at).toEqual([0, 200, 251]);
  });

  test("that restarts begins sequence numbers and uptime at 0 and sends its templates again", () => {
    const router = routerOf("ln-mobile-pgw-1");
    const session = createSession(router, TEST_START_MS);
    const seen: { sequence: number; uptimeMs: number; template: boolean }[] = [];
    for (let i = 0; i <= router.restartAt; i++)
      session.export(i, TEST_START_MS + i, (bytes) => {
        seen.push({ sequence: bytes.readUInt32BE(12), uptimeMs: bytes.readUInt32BE(4), template: isTemplate(bytes) });
        return true;
      });
    expect(router.restartAt).toBeGreaterThan(5);
    const first = seen.findIndex(({ uptimeMs }) => uptimeMs === 0);
    expect(seen[first]).toEqual({ sequence: 0, uptimeMs: 0, template: true });
    expect(seen[first - 1]?.uptimeMs).toBeGreaterThan(864_000_000);
    expect(session.restarts).toBe(1);
  });

  test("that withholds a datagram leaves a gap in its sequence numbers of as many records", () => {
    const router = routerOf("ln-unicom-man-1");
    const session = createSession(router, TEST_START_MS);
    const all = [...router.datagrams, ...[...router.templateDatagrams.values()].flat()];
    const dataRecords = new Map(all.map((datagram) => [datagram.bytes, datagram.dataRecords]));
    let expected = 0;
    let missing = 0;
    for (let i = 0; i < router.datagrams.length; i++)
      session.export(i, TEST_START_MS, (bytes) => {
        const sequence = bytes.readUInt32BE(8);
        missing += sequence - expected;
        expected = sequence + (dataRecords.get(bytes) as number);
        return true;
      });
    const withheld = session.withheld.reduce((sum, times, i) => sum + times * (router.datagrams[i]?.records ?? 0), 0);
    expect(withheld).toBeGreaterThan(0);
    // A datagram withheld at the very end would leave no gap behind it.
    expect(router.withheld.at(-1)).toBe(0);
    expect(missing).toBe(withheld);
  });

  test("whose clock is off says so in its export time and flow times alike", () => {
    const router = routerOf("ln-mobile-pgw-1");
    const session = createSession(router, TEST_START_MS);
    session.export(0, TEST_START_MS, (bytes) => {
      expect(bytes.readUInt32BE(8)).toBe(Math.floor((TEST_START_MS + 7_200_000) / 1_000));
      return true;
    });
  });
});

describe("a day's pace", () => {
  const province = smallProvince(24_000);
  test("takes records over rate, each hour the same time, and goes on with the next day", () => {
    const pace = createPace(province, 1_000, 0);
    const day = (province.truth.records / 1_000) * 1_000;
    expect(pace.due(0)).toBe(0);
    expect(pace.due(day / 2)).toBe(province.hourStarts[12]);
    expect(pace.due(day * 1.5)).toBe((province.hourStarts[24] as number) + (province.hourStarts[12] as number));
  });
  test("without a rate, everything is due at once", () => {
    expect(createPace(province, Number.POSITIVE_INFINITY, 0).due(0)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("a mistake in a scenario is one sentence with its path", () => {
  test.each([
    { says: "unknown key", from: "records: 300000", to: "record: 300000", message: /^demo\.yaml: .*record/m },
    { says: "share beyond 1", from: "v6_share: 0.31", to: "v6_share: 31", message: "demo.yaml: networks.0.v6_share: " },
    {
      says: "sampling that the version does not have",
      from: "told: system_interval",
      to: "told: selector",
      message: 'demo.yaml: routers.4.sampling.told: "selector" does not exist in version 9.',
    },
    {
      says: "a network that does not exist",
      from: "operator: telecom, access: mobile, weight: 1",
      to: "operator: telecom, access: iot, weight: 1",
      message: "demo.yaml: routers.1.traffic.0: there is no network telecom/iot; networks are telecom/fixed, ",
    },
    {
      says: "an address beyond loopback",
      from: "address: 127.86.24.1",
      to: "address: 10.0.0.1",
      message: "demo.yaml: routers.0.address: must be a loopback address such as 127.10.0.1.",
    },
    { says: "not YAML", from: "name: demo", to: "name: [demo", message: "demo.yaml: is not YAML: " },
  ])("$says", ({ from, to, message }) => {
    expect(demo).toContain(from);
    expect(() => parseScenario(demo.replace(from, to), "demo.yaml")).toThrow(message);
  });

  test("a prefix too small to be split", () => {
    const scenario = parseScenario(demo.replace("59.44.0.0/14", "59.44.0.0/24"), "demo.yaml");
    expect(() => createProvince(scenario, 1, 100)).toThrow(
      "networks.0.ipv4: 59.44.0.0/24 leaves no room for 14 regions; at most /22 is possible.",
    );
  });

  test("a prefix with bits beyond its length", () => {
    const scenario = parseScenario(demo.replace("59.44.0.0/14", "59.45.0.0/14"), "demo.yaml");
    expect(() => createProvince(scenario, 1, 100)).toThrow("did you mean 59.44.0.0/14?");
  });

  test("a file that is not there", () =>
    expect(() => loadScenario("/nowhere.yaml")).toThrow("/nowhere.yaml: cannot be read"));
});
