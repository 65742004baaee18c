import { Random } from "@v6meter/random";

/** Datagrams of one exporter, in order. */
export interface Stream {
  readonly name: string;
  readonly datagrams: readonly Uint8Array[];
}

/** A field of a generated v9 template: element and length. */
type FieldSpec = readonly [element: number, length: number];

/** Elements both decoders read, each with the lengths NetFlow v9 gives it (RFC 3954 §8). */
const PLAIN_FIELDS: readonly { element: number; lengths: readonly number[] }[] = [
  { element: 1, lengths: [4] },
  { element: 2, lengths: [4] },
  { element: 4, lengths: [1] },
  { element: 5, lengths: [1] },
  { element: 6, lengths: [1] },
  { element: 7, lengths: [2] },
  { element: 10, lengths: [2, 4] },
  { element: 11, lengths: [2] },
  { element: 14, lengths: [2, 4] },
  { element: 16, lengths: [2, 4] },
  { element: 17, lengths: [2, 4] },
  { element: 21, lengths: [4] },
  { element: 22, lengths: [4] },
  { element: 58, lengths: [2] },
  { element: 59, lengths: [2] },
  { element: 56, lengths: [6] },
  { element: 61, lengths: [1] },
  { element: 89, lengths: [1] },
  { element: 300, lengths: [5] },
  { element: 40_001, lengths: [3, 11] },
];
const FAMILIES: readonly FieldSpec[][] = [
  [
    [8, 4],
    [12, 4],
    [15, 4],
    [9, 1],
    [13, 1],
    [32, 2],
  ],
  [
    [27, 16],
    [28, 16],
    [62, 16],
    [29, 1],
    [30, 1],
  ],
];

const u16 = (value: number) => [(value >> 8) & 0xff, value & 0xff];
const u32 = (value: number) => [...u16(value >>> 16), ...u16(value & 0xffff)];
const bytes = (...parts: (readonly number[] | Uint8Array)[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

/** Any field's value; what both decoders must agree on is kept in its range by `template`. */
function value(random: Random, [element, length]: FieldSpec): Uint8Array {
  const field = random.bytes(length);
  // Times within two weeks of the uptime in the header: both then give the same time.
  if (element === 21 || element === 22) field.set(u32(0x5000_0000 + random.below(0x2000_0000)));
  // Addresses of no special form, never all zero.
  if ((element === 8 || element === 12) && field[0] === 0) field[0] = 10;
  if (element === 27 || element === 28) field.set([0x20, 0x01]);
  if (element === 61) field[0] = random.below(2);
  return field;
}

function template(random: Random): FieldSpec[] {
  const chosen: FieldSpec[] = PLAIN_FIELDS.filter(() => random.below(3) > 0).map(({ element, lengths }) => [
    element,
    random.pick(lengths),
  ]);
  const fields = [...chosen, ...random.pick(FAMILIES)];
  for (let i = fields.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [fields[i], fields[j]] = [fields[j] as FieldSpec, fields[i] as FieldSpec];
  }
  return fields;
}

function set(id: number, body: Uint8Array): Uint8Array {
  return bytes(u16(id), u16(body.length + 4), body);
}

function templateSet(id: number, fields: readonly FieldSpec[], padding = 0): Uint8Array {
  const specifiers = fields.flatMap(([element, length]) => [...u16(element), ...u16(length)]);
  return set(0, bytes(u16(id), u16(fields.length), specifiers, new Uint8Array(padding)));
}

function optionsTemplate(id: number): Uint8Array {
  // One scope (interface), then sampling interval and algorithm.
  return bytes(u16(id), u16(4), u16(8), u16(2), u16(4), u16(34), u16(4), u16(35), u16(1));
}

function record(random: Random, fields: readonly FieldSpec[]): Uint8Array {
  return bytes(...fields.map((field) => value(random, field)));
}

/** Records of a template with padding to 32 bits (RFC 3954 §5.3), where that is shorter than a record. */
function dataSet(random: Random, id: number, fields: readonly FieldSpec[], count = 1 + random.below(12)): Uint8Array {
  const records = bytes(...Array.from({ length: count }, () => record(random, fields)));
  const padding = (4 - (records.length % 4)) % 4;
  const recordBytes = fields.reduce((sum, [, length]) => sum + length, 0);
  return set(id, padding < recordBytes ? bytes(records, new Uint8Array(padding)) : records);
}

let sequence = 0;

function v9(sets: readonly Uint8Array[], { domain = 0, padding = 0 } = {}): Uint8Array {
  const header = [...u16(9), ...u16(sets.length), ...u32(0x7000_0000), ...u32(1_750_000_000)];
  return bytes(header, u32(sequence++), u32(domain), ...sets, new Uint8Array(padding));
}

function legacy(version: 1 | 5 | 7, random: Random, count: number): Uint8Array {
  const record = { 1: 48, 5: 48, 7: 52 }[version];
  const header = [...u16(version), ...u16(count), ...u32(0x7000_0000), ...u32(1_750_000_000), ...u32(0)];
  const rest = version === 1 ? [] : [...u32(sequence++), ...u32(0)];
  const records = Array.from({ length: count }, () => {
    const body = random.bytes(record);
    if (body[0] === 0) body[0] = 10;
    if (body[4] === 0) body[4] = 10;
    body.set(u32(0x5000_0000 + random.below(0x2000_0000)), 24);
    body.set(u32(0x5000_0000 + random.below(0x2000_0000)), 28);
    return body;
  });
  return bytes(header, rest, ...records);
}

/** Streams both decoders must read alike: no disagreement in them can be explained. */
export function plainStreams(seed: number, count: number): Stream[] {
  return Array.from({ length: count }, (_, n) => {
    const random = new Random(seed, n);
    const version = random.pick([1, 5, 9, 9, 9, 9] as const);
    if (version !== 9)
      return {
        name: `plain v${version} ${n}`,
        datagrams: Array.from({ length: 4 }, () => legacy(version, random, 1 + random.below(30))),
      };
    const templates = [template(random), template(random)] as const;
    const datagrams = [v9(templates.map((fields, i) => templateSet(256 + i, fields)))];
    for (let i = 0; i < 6; i++) {
      const which = random.below(2);
      // A template sent again with other fields replaces the old one (RFC 3954 §9).
      const fields = templates[which] as FieldSpec[];
      if (random.below(4) === 0) fields.splice(0, fields.length, ...template(random));
      datagrams.push(v9([templateSet(256 + which, fields), dataSet(random, 256 + which, fields)]));
      datagrams.push(v9([dataSet(random, 256, templates[0]), dataSet(random, 257, templates[1])]));
    }
    return { name: `plain v9 ${n}`, datagrams };
  });
}

/** Streams with one peculiarity each, well-formed or found in the field, over which the decoders part. */
export function peculiarStreams(seed: number): Stream[] {
  const random = new Random(seed, 0xffff_ffff);
  const fields = template(random);
  const other = template(random);
  const data = (id = 256, of: readonly FieldSpec[] = fields) => dataSet(random, id, of);
  const withField = (...more: FieldSpec[]) => [...fields.filter(([element]) => element > 2), ...more];
  const wide = withField([1, 8], [2, 8]);
  const odd = withField([1, 7], [2, 7]);
  const icmp6 = [...(FAMILIES[1] as FieldSpec[]), [4, 1], [32, 2]] as const;
  const tunnel = [
    [8, 4],
    [12, 4],
    [4, 1],
    [8, 4],
    [12, 4],
    [4, 1],
    [1, 4],
    [2, 4],
  ] as const;
  const variable = withField([1, 4], [400, 0xffff]);
  const variableData = set(256, bytes(record(random, variable.slice(0, -1)), [3, 1, 2, 3]));
  return [
    { name: "data before template", datagrams: [v9([data()]), v9([templateSet(256, fields)])] },
    {
      name: "two source ids use one template id",
      datagrams: [
        v9([templateSet(256, fields)], { domain: 1 }),
        v9([templateSet(256, other)], { domain: 2 }),
        v9([data()], { domain: 1 }),
        v9([data(256, other)], { domain: 2 }),
      ],
    },
    { name: "counters of 8 bytes", datagrams: [v9([templateSet(256, wide)]), v9([data(256, wide)])] },
    { name: "counters of 7 bytes", datagrams: [v9([templateSet(256, odd)]), v9([data(256, odd)])] },
    { name: "ICMP_TYPE in IPv6 records", datagrams: [v9([templateSet(256, icmp6)]), v9([data(256, icmp6)])] },
    { name: "elements that are there twice", datagrams: [v9([templateSet(256, tunnel)]), v9([data(256, tunnel)])] },
    { name: "a field of variable length", datagrams: [v9([templateSet(256, variable)]), v9([variableData])] },
    { name: "padding behind a template", datagrams: [v9([templateSet(256, fields, 2), data()])] },
    {
      name: "two options templates in one set",
      datagrams: [
        v9([set(1, bytes(optionsTemplate(300), optionsTemplate(301)))]),
        v9([set(301, bytes(u32(1), u32(100), [1])), set(300, bytes(u32(1), u32(100), [1]))]),
      ],
    },
    { name: "zeros behind the last set", datagrams: [v9([templateSet(256, fields), data()], { padding: 12 })] },
    {
      name: "a template without length",
      datagrams: [v9([templateSet(256, [[1, 0]])]), v9([set(256, random.bytes(8))])],
    },
    {
      name: "a set shorter than its header",
      datagrams: [v9([templateSet(256, fields), bytes(u16(256), u16(2), u16(6), u16(0)), data()])],
    },
    { name: "a set longer than the datagram", datagrams: [v9([templateSet(256, fields)]), v9([data().with(3, 255)])] },
    { name: "v7", datagrams: [legacy(7, random, 1), legacy(7, random, 20)] },
    {
      name: "v5 that counts more records than it holds",
      datagrams: [legacy(5, random, 5).with(3, 9)],
    },
    {
      name: "v5 that holds more records than it counts",
      datagrams: [legacy(5, random, 5).with(3, 3)],
    },
    { name: "v5 with bytes behind the last record", datagrams: [bytes(legacy(5, random, 2), random.bytes(4))] },
    { name: "a datagram shorter than its header", datagrams: [legacy(5, random, 1).subarray(0, 18)] },
  ];
}
