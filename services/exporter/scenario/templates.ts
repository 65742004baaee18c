import type { ScenarioRouter } from "@v6meter/schemas";
import { type Datagram, HEADER_OCTETS, MAX_DATAGRAM_OCTETS, setDatagram } from "../encode/datagram.ts";
import { NETFLOW5_TEMPLATE } from "../encode/netflow5.ts";
import { HABIT_VERSIONS, SAMPLER_ELEMENTS, SAMPLING_HABITS, type SamplingHabit } from "../encode/sampling.ts";
import { encodeOptionsDataSet, encodeOptionsTemplateSet, encodeTemplateSet } from "../encode/set.ts";
import { createTemplate, type OptionsTable, type Template, type TemplateField } from "../encode/template.ts";

/** The templates a router writes its records with. */
export interface RouterTemplates {
  readonly v4: Template;
  readonly v6: Template;
  /** Outer IPv6 and inner IPv4 header of SRv6; null where the router has no such traffic. */
  readonly srv6: Template | null;
}

/** Id its records name their sampler by. */
export const SAMPLER_ID = 1;

const IDS = { v4: 256, v6: 257, srv6: 258, sampling: 300, interfaces: 301 } as const;

/** Records of 100 octets (v9) or fewer: so many fit into a datagram. */
const INTERFACES_PER_DATAGRAM = Math.floor((MAX_DATAGRAM_OCTETS - HEADER_OCTETS[9] - 8) / 100);

function habitOf({ sampling }: ScenarioRouter): SamplingHabit | null {
  return sampling.told in SAMPLING_HABITS ? (sampling.told as SamplingHabit) : null;
}

/** Works out the templates of a router; v5 has its one fixed record. */
export function routerTemplates(router: ScenarioRouter): RouterTemplates {
  if (router.version === 5) return { v4: NETFLOW5_TEMPLATE, v6: NETFLOW5_TEMPLATE, srv6: null };
  const times = { uptime: [22, 21], seconds: [150, 151], milliseconds: [152, 153], delta_microseconds: [158, 159] };
  const habit = habitOf(router);
  const sampler = habit
    ? SAMPLER_ELEMENTS[habit]
    : router.sampling.told === "record"
      ? { element: 34, length: 4 }
      : null;
  const counters: TemplateField[] = [
    { element: 2, length: router.counter_octets },
    { element: 1, length: router.counter_octets },
  ];
  const transport: TemplateField[] = [
    { element: 7 },
    { element: 11 },
    { element: 4 },
    { element: 5 },
    { element: 6, length: 1 },
  ];
  const rest: TemplateField[] = [
    { element: 10 },
    { element: 14 },
    ...times[router.times].map((element) => ({ element })),
    { element: 16 },
    { element: 17 },
    { element: 61 },
    ...(sampler ? [sampler] : []),
  ];
  const v4: TemplateField[] = [{ element: 8 }, { element: 12 }, { element: 15 }, { element: 9 }, { element: 13 }];
  const v6: TemplateField[] = [{ element: 27 }, { element: 28 }, { element: 62 }, { element: 29 }, { element: 30 }];
  const srv6: TemplateField[] = [
    ...counters,
    { element: 27, outer: true },
    { element: 28, outer: true },
    { element: 4, outer: true },
    ...rest,
    { element: 8 },
    { element: 12 },
    ...transport,
  ];
  return {
    v4: createTemplate(IDS.v4, [...v4, ...counters, ...transport, { element: 32 }, ...rest]),
    v6: createTemplate(IDS.v6, [...v6, ...counters, ...transport, { element: 139 }, ...rest]),
    srv6: router.transition.some(({ technology }) => technology === "srv6") ? createTemplate(IDS.srv6, srv6) : null,
  };
}

/** An interface a router names in its options records. */
export interface NamedInterface {
  readonly index: number;
  readonly name: string;
  readonly description: string;
}

/** Scope Interface of RFC 3954 §6.1 in v9, the element ingressInterface (10) in IPFIX; IE 82 and 83. */
function interfaceTable(version: 9 | 10, interfaces: readonly NamedInterface[]): OptionsTable {
  return {
    id: IDS.interfaces,
    scope: [{ element: version === 9 ? 2 : 10, length: 4 }],
    fields: [
      { element: 82, length: version === 9 ? 32 : 65_535 },
      { element: 83, length: version === 9 ? 64 : 65_535 },
    ],
    records: interfaces.map(({ index, name, description }) => [index, name, description]),
  };
}

/**
 * What a router sends when it (re)sends its templates in one observation domain: templates, options
 * templates and options records, as many datagrams as they need. Nothing in v5.
 */
export function templateDatagrams(
  router: ScenarioRouter,
  templates: RouterTemplates,
  domain: number,
  interfaces: readonly NamedInterface[],
): Datagram[] {
  const { version } = router;
  if (version === 5) return [];
  const habit = habitOf(router);
  const sampling = habit ? SAMPLING_HABITS[habit](IDS.sampling, { id: SAMPLER_ID, rate: router.sampling.rate }) : null;
  if (habit && HABIT_VERSIONS[habit] !== version) throw new RangeError(`${habit} does not exist in version ${version}`);

  const data = [templates.v4, templates.v6, ...(templates.srv6 ? [templates.srv6] : [])];
  const tables = [...(sampling ? [sampling] : []), interfaceTable(version, [])];
  const first = setDatagram(
    version,
    domain,
    [
      encodeTemplateSet(version, data),
      // One a set, as IOS-XR does: some collectors read no further than the first of a set.
      ...tables.map((table) => encodeOptionsTemplateSet(version, [table])),
      ...(sampling ? [encodeOptionsDataSet(sampling)] : []),
    ],
    {
      records: data.length + tables.length + (sampling ? sampling.records.length : 0),
      dataRecords: sampling ? sampling.records.length : 0,
    },
  );
  const rest: Datagram[] = [];
  for (let from = 0; from < interfaces.length; from += INTERFACES_PER_DATAGRAM) {
    const table = interfaceTable(version, interfaces.slice(from, from + INTERFACES_PER_DATAGRAM));
    const counts = { records: table.records.length, dataRecords: table.records.length };
    rest.push(setDatagram(version, domain, [encodeOptionsDataSet(table)], counts));
  }
  return [first, ...rest];
}
