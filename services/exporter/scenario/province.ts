import { Random } from "@v6meter/random";
import type { Scenario, ScenarioRouter } from "@v6meter/schemas";
import type { Datagram } from "../encode/datagram.ts";
import { createFlow } from "../encode/flow.ts";
import { createPacker, type Packer } from "../encode/packer.ts";
import { type Cell, CORE_IF_INDEX, createCells } from "./cells.ts";
import type { Kind, Province, ProvinceRouter } from "./day.ts";
import { createPick } from "./pick.ts";
import { routerCells, type SeenCell } from "./router-cells.ts";
import { createSession } from "./session.ts";
import { tallyTruth } from "./tally.ts";
import { type NamedInterface, routerTemplates, SAMPLER_ID, templateDatagrams } from "./templates.ts";
import { ALL_VERDICTS, createTrafficSource } from "./traffic.ts";

/** The instant at which the day's own truth is worked out; no figure of it depends on the choice. */
const DRY_RUN_MS = Date.UTC(2026, 0, 1);

/**
 * Makes the day of a scenario: the same seed gives the same datagrams and the same truth. About
 * `records` records (the scenario's own number where left out). Throws CONFIG_INVALID for a prefix
 * that cannot be split.
 */
export function createProvince(scenario: Scenario, seed: number, records: number = scenario.records): Province {
  const cells = createCells(scenario, seed);
  const traffic = createTrafficSource(scenario);
  const seen = routerCells(scenario, cells);
  const routerWeights = seen.map((list) => list.reduce((sum, { weight }) => sum + weight, 0));
  const allWeights = routerWeights.reduce((sum, weight) => sum + weight, 0);
  const curveSum = scenario.day_curve.reduce((sum, hour) => sum + hour, 0);

  const kinds: Kind[] = [];
  const kindOf = new Int32Array(2 * cells.length * ALL_VERDICTS.length).fill(-1);
  const cellIndex = new Map(cells.map((cell, i) => [cell, i]));

  const built = scenario.routers.map((spec, r) => {
    const random = new Random(seed * 1_000_003 + r + 1);
    const list = seen[r] as SeenCell[];
    const pickCell = createPick(list.map(({ weight }) => weight));
    const transition = [
      ...spec.transition,
      { technology: null, share: 1 - spec.transition.reduce((s, t) => s + t.share, 0) },
    ];
    const pickTechnology = createPick(transition.map(({ share }) => share));
    const templates = routerTemplates(spec);
    const datagrams: Datagram[] = [];
    const hourStarts: number[] = [];
    const wanted = scenario.day_curve.map((hour) =>
      Math.round((((records * (routerWeights[r] as number)) / allWeights) * hour) / curveSum),
    );
    const count = wanted.reduce((sum, n) => sum + n, 0);
    const rows = { kinds: new Uint16Array(count), bytes: new Uint32Array(count), packets: new Uint16Array(count) };
    const packers: Packer[] = spec.domains.map((domain) =>
      createPacker({
        version: spec.version,
        domain,
        v5SamplingInterval: spec.sampling.told === "header" ? spec.sampling.rate : 0,
        oneTemplatePerDatagram: spec.one_template_per_datagram,
        emit: (datagram) => datagrams.push(datagram),
      }),
    );
    const flow = createFlow();
    flow.samplerId = SAMPLER_ID;
    flow.samplingRate = spec.sampling.rate;

    let row = 0;
    for (const n of wanted) {
      hourStarts.push(datagrams.length);
      for (let i = 0; i < n; i++, row++) {
        const { cell } = list[pickCell(random)] as { cell: Cell };
        const { technology } = transition[pickTechnology(random)] as (typeof transition)[number];
        const verdict = traffic.draw(flow, cell, technology, spec.version === 5, random);
        const template =
          technology === "srv6" && templates.srv6 ? templates.srv6 : flow.ipVersion === 6 ? templates.v6 : templates.v4;
        (packers[cell.ifIndex % packers.length] as Packer).add(template, flow, row);

        const family = flow.ipVersion;
        const pair = (cellIndex.get(cell) as number) * ALL_VERDICTS.length + ALL_VERDICTS.indexOf(verdict);
        const at = 2 * pair + (family === 6 ? 1 : 0);
        if (kindOf[at] === -1) kindOf[at] = kinds.push({ cell, verdict, family }) - 1;
        rows.kinds[row] = kindOf[at] as number;
        rows.bytes[row] = flow.bytes;
        rows.packets[row] = flow.packets;
      }
      for (const packer of packers) packer.flush();
    }
    hourStarts.push(datagrams.length);

    const withheld = new Uint8Array(datagrams.length);
    if (spec.withheld_share > 0)
      for (let i = 0; i < withheld.length; i++) withheld[i] = random.next() < spec.withheld_share ? 1 : 0;
    const interfaces = namedInterfaces(
      spec,
      list.map(({ cell }) => cell),
    );
    const router: ProvinceRouter = {
      spec,
      cells: list.map(({ cell }) => cell),
      templates,
      templateDatagrams: new Map(
        spec.domains.map((domain) => [domain, templateDatagrams(spec, templates, domain, interfaces)]),
      ),
      datagrams,
      withheld,
      restartAt: spec.restart_at_hour === undefined ? -1 : (hourStarts[spec.restart_at_hour] as number),
      rows,
    };
    return { router, hourStarts };
  });

  const routers = built.map(({ router }) => router);
  const { order, hourStarts } = interleave(built.map(({ hourStarts }) => hourStarts));
  const sessions = routers.map((router) => createSession(router, DRY_RUN_MS));
  for (let i = 0; i < order.routers.length; i++)
    sessions[order.routers[i] as number]?.export(order.datagrams[i] as number, DRY_RUN_MS, () => true);
  const province = { scenario, seed, kinds, routers, order, hourStarts };
  return { ...province, truth: tallyTruth(province, sessions) };
}

/** The interfaces a router names in its options records. */
export function namedInterfaces(
  spec: Pick<ScenarioRouter, "name">,
  cells: readonly {
    readonly ifIndex: number;
    readonly region: { readonly en: string };
    readonly network: { readonly operator: string; readonly access: string };
  }[],
): NamedInterface[] {
  return [
    { index: CORE_IF_INDEX, name: "HundredGigE0/0/0/0", description: `${spec.name} core` },
    ...cells.map(({ ifIndex, region, network }) => ({
      index: ifIndex,
      name: `HundredGigE0/1/${Math.floor(ifIndex / 100)}/${ifIndex % 100}`,
      description: `${region.en} ${network.operator} ${network.access}`,
    })),
  ];
}

/** Within each hour the routers' datagrams alternate in proportion to their number. */
function interleave(hours: readonly (readonly number[])[]): Pick<Province, "order" | "hourStarts"> {
  const routers: number[] = [];
  const datagrams: number[] = [];
  const hourStarts: number[] = [];
  for (let hour = 0; hour < 24; hour++) {
    hourStarts.push(routers.length);
    const slots = hours.flatMap((starts, router) => {
      const from = starts[hour] as number;
      const n = (starts[hour + 1] as number) - from;
      return Array.from({ length: n }, (_, i) => ({ router, datagram: from + i, position: (i + 0.5) / n }));
    });
    slots.sort((a, b) => a.position - b.position || a.router - b.router);
    for (const { router, datagram } of slots) {
      routers.push(router);
      datagrams.push(datagram);
    }
  }
  hourStarts.push(routers.length);
  return { order: { routers: Uint16Array.from(routers), datagrams: Uint32Array.from(datagrams) }, hourStarts };
}
