import type { Family } from "./traffic.ts";

/** A field of a template: element, length (65,535: variable), and the enterprise where it is not IANA's. */
export type Field = readonly [element: number, length: number, enterprise?: number];

/** How one make of router exports: a template of each family and one of options that tell its sampling. */
export interface Vendor {
  readonly name: string;
  readonly flows: Readonly<Record<Family, readonly Field[]>>;
  /** The first is the scope. */
  readonly options: readonly Field[];
}

/** Length of a field whose length stands in front of each value (RFC 7011 §7). */
export const VARIABLE = 65_535;

const ADDRESSES: Readonly<Record<Family, readonly Field[]>> = {
  4: [
    [8, 4],
    [12, 4],
  ],
  6: [
    [27, 16],
    [28, 16],
  ],
};
const PREFIXES: Readonly<Record<Family, readonly Field[]>> = {
  4: [
    [15, 4],
    [9, 1],
    [13, 1],
  ],
  6: [
    [62, 16],
    [29, 1],
    [30, 1],
  ],
};
const PORTS: readonly Field[] = [
  [7, 2],
  [11, 2],
  [4, 1],
];
const COUNTERS_4: readonly Field[] = [
  [1, 4],
  [2, 4],
];
const COUNTERS_8: readonly Field[] = [
  [1, 8],
  [2, 8],
];
const INTERFACES: readonly Field[] = [
  [10, 4],
  [14, 4],
];
const SYSTEMS: readonly Field[] = [
  [16, 4],
  [17, 4],
];
const MILLISECONDS: readonly Field[] = [
  [152, 8],
  [153, 8],
];
const SECONDS: readonly Field[] = [
  [150, 4],
  [151, 4],
];
/** Milliseconds since the start of the router, which its options tell (160). */
const UPTIME: readonly Field[] = [
  [22, 4],
  [21, 4],
];
const ONE_IN_N: readonly Field[] = [
  [34, 4],
  [35, 1],
];
/** RFC 5477: selector, algorithm, packets of an interval and between two. */
const SELECTOR: readonly Field[] = [
  [304, 2],
  [305, 4],
  [306, 4],
];

function vendor(name: string, flows: (family: Family) => readonly Field[], options: readonly Field[]): Vendor {
  return { name, flows: { 4: flows(4), 6: flows(6) }, options };
}

/** Ten makes after what their manuals and captures show: other lengths, clocks, elements of their own, sampling. */
export const VENDORS: readonly Vendor[] = [
  vendor(
    "Huawei NetStream",
    (f) => [
      ...ADDRESSES[f],
      ...PREFIXES[f],
      ...PORTS,
      ...COUNTERS_8,
      ...UPTIME,
      ...INTERFACES,
      ...SYSTEMS,
      [61, 1],
      [5, 1],
      [6, 1],
    ],
    [[149, 4], ...ONE_IN_N, [160, 8]],
  ),
  vendor(
    "H3C NetStream",
    (f) => [
      ...PORTS,
      ...ADDRESSES[f],
      ...COUNTERS_4,
      ...INTERFACES,
      ...UPTIME,
      [5, 1],
      [6, 2],
      [61, 1],
      [100, 4, 25_506],
    ],
    [[149, 4], ...ONE_IN_N, [160, 8]],
  ),
  vendor(
    "ZTE",
    (f) => [
      ...ADDRESSES[f],
      ...PORTS,
      [5, 1],
      [6, 1],
      ...INTERFACES,
      ...COUNTERS_8,
      ...SECONDS,
      ...SYSTEMS,
      [61, 1],
      [60, 1],
    ],
    [[149, 4], ...ONE_IN_N],
  ),
  vendor(
    "Cisco IOS XR",
    (f) => [
      ...ADDRESSES[f],
      ...PREFIXES[f],
      ...INTERFACES,
      ...COUNTERS_4,
      ...PORTS,
      [6, 1],
      [5, 1],
      ...SYSTEMS,
      ...MILLISECONDS,
      [48, 2],
      [61, 1],
      [89, 1],
      [234, 4],
      [235, 4],
    ],
    [
      [149, 4],
      [48, 2],
      [49, 1],
      [50, 4],
    ],
  ),
  vendor(
    "Juniper MX",
    (f) => [
      ...ADDRESSES[f],
      [5, 1],
      ...PORTS,
      ...(f === 4 ? ([[32, 2]] as const) : ([[139, 2]] as const)),
      [10, 4],
      [58, 2],
      ...PREFIXES[f],
      ...SYSTEMS,
      [6, 1],
      [14, 4],
      ...COUNTERS_8,
      [52, 1],
      [53, 1],
      ...MILLISECONDS,
      [136, 1],
      [243, 2],
      [245, 2],
    ],
    [[144, 4], [160, 8], ...ONE_IN_N],
  ),
  vendor(
    "Nokia SR",
    (f) => [
      ...ADDRESSES[f],
      ...PORTS,
      [5, 1],
      [6, 1],
      ...COUNTERS_8,
      ...MILLISECONDS,
      ...INTERFACES,
      ...SYSTEMS,
      [61, 1],
      [1, 4, 637],
    ],
    [[302, 4], ...SELECTOR],
  ),
  vendor(
    "MikroTik RouterOS",
    (f) => [
      ...ADDRESSES[f],
      ...PREFIXES[f],
      ...PORTS,
      ...COUNTERS_4,
      ...INTERFACES,
      [5, 1],
      [6, 1],
      [56, 6],
      [80, 6],
      ...SECONDS,
    ],
    [[149, 4], ...ONE_IN_N],
  ),
  vendor(
    "nProbe",
    (f) => [
      ...ADDRESSES[f],
      ...PORTS,
      ...COUNTERS_4,
      ...MILLISECONDS,
      [58, 2],
      [6, 1],
      [118, 2, 35_632],
      [180, VARIABLE, 35_632],
    ],
    [[144, 4], [302, 4], ...SELECTOR],
  ),
  vendor(
    "FortiGate",
    (f) => [
      ...COUNTERS_8,
      ...ADDRESSES[f],
      ...PORTS,
      [10, 2],
      [14, 2],
      ...MILLISECONDS,
      [95, 9],
      [65, 4],
      [136, 1],
      [234, 2],
      [61, 1],
    ],
    [[149, 4], ...ONE_IN_N],
  ),
  vendor(
    "YAF, reduced sizes",
    (f) => [...MILLISECONDS, [1, 3], [2, 3], ...ADDRESSES[f], ...PORTS, [6, 2], [136, 1], [14, 1, 6_871], [210, 3]],
    [[149, 4], [302, 4], ...SELECTOR],
  ),
];
