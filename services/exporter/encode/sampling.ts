import type { OptionsTable } from "./template.ts";

/**
 * The habits in which routers tell their sampling rate by options records. `rate` is "one packet in
 * so many" and `id` is the sampler's, named again in the data records where the habit has ids.
 */
export const SAMPLING_HABITS = {
  /** IOS-XR v9: scope System, elements 48, 50, 49 and 84; records carry IE 48 (RFC 3954 §8). */
  sampler_table: (templateId: number, { id, rate }: Sampler): OptionsTable => ({
    id: templateId,
    scope: [{ element: 1, length: 4 }],
    fields: [
      { element: 48, length: 2 },
      { element: 50, length: 4 },
      { element: 49, length: 1 },
      { element: 84, length: 32 },
    ],
    records: [[0, id, rate, 2, `sampler-${id}`]],
  }),
  /** PSAMP (RFC 5476 §6.5.2): scope selectorId 302; 304 = 1 (systematic), 305 packets then 306 skipped. */
  selector: (templateId: number, { id, rate }: Sampler): OptionsTable => ({
    id: templateId,
    scope: [{ element: 302, length: 8 }],
    fields: [
      { element: 304, length: 2 },
      { element: 305, length: 4 },
      { element: 306, length: 4 },
    ],
    records: [[id, 1, 1, rate - 1]],
  }),
  /** PSAMP (RFC 5476 §6.5.2.3): scope selectorId; 304 = 3 (random n-out-of-N), 309 = n, 310 = N. */
  random_selector: (templateId: number, { id, rate }: Sampler): OptionsTable => ({
    id: templateId,
    scope: [{ element: 302, length: 4 }],
    fields: [
      { element: 304, length: 2 },
      { element: 309, length: 4 },
      { element: 310, length: 4 },
      { element: 335, length: 65_535 },
    ],
    records: [[id, 3, 1, rate, `sampler-${id}`]],
  }),
  /** Junos and others, IPFIX: scope exportingProcessId 144; elements 34 and 35, no id. */
  interval: (templateId: number, { rate }: Sampler): OptionsTable => ({
    id: templateId,
    scope: [{ element: 144, length: 4 }],
    fields: [
      { element: 34, length: 4 },
      { element: 35, length: 1 },
    ],
    records: [[1, rate, 2]],
  }),
  /** Huawei, H3C and softflowd, v9: scope System; elements 34 and 35, no id. */
  system_interval: (templateId: number, { rate }: Sampler): OptionsTable => ({
    id: templateId,
    scope: [{ element: 1, length: 4 }],
    fields: [
      { element: 34, length: 4 },
      { element: 35, length: 1 },
    ],
    records: [[0, rate, 2]],
  }),
} as const;

/** A sampler as the options records describe it. */
export interface Sampler {
  readonly id: number;
  /** One packet in so many. */
  readonly rate: number;
}

/** A habit's name. */
export type SamplingHabit = keyof typeof SAMPLING_HABITS;

/** The element by which data records name their sampler in each habit; null where they do not. */
export const SAMPLER_ELEMENTS: Readonly<Record<SamplingHabit, { element: number; length: number } | null>> = {
  sampler_table: { element: 48, length: 2 },
  selector: { element: 302, length: 8 },
  random_selector: { element: 302, length: 4 },
  interval: null,
  system_interval: null,
};

/** What each habit is good for: element 302 and the like belong to IPFIX, scope System to v9. */
export const HABIT_VERSIONS: Readonly<Record<SamplingHabit, 9 | 10>> = {
  sampler_table: 9,
  selector: 10,
  random_selector: 10,
  interval: 10,
  system_interval: 9,
};
