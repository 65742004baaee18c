import { planRecords, type RecordPlan } from "./record-plan.ts";
import { createLayout } from "./template.ts";

/*
 * NetFlow v1, v5 and v7 have no templates; their records are read by the same steps as everyone's, from
 * these layouts (Cisco NetFlow Export Datagram Format). Each line is an element and its length; element 0
 * is a part that is not read.
 */

const ADDRESSES_TO_PORTS = [
  [8, 4],
  [12, 4],
  [15, 4],
  [10, 2],
  [14, 2],
  [2, 4],
  [1, 4],
  [22, 4],
  [21, 4],
  [7, 2],
  [11, 2],
];

const V1 = [...ADDRESSES_TO_PORTS, [0, 2], [4, 1], [5, 1], [6, 1], [0, 7]];
const V5 = [...ADDRESSES_TO_PORTS, [0, 1], [6, 1], [4, 1], [5, 1], [16, 2], [17, 2], [9, 1], [13, 1], [0, 2]];
/** As v5, with flags of validity in the padding and the bypassed router's address behind. */
const V7 = [...V5, [0, 4]];

function plan(version: 1 | 5 | 7, fields: readonly number[][]): RecordPlan {
  return planRecords(
    createLayout(
      version,
      false,
      0,
      fields.flatMap(([element, length]) => [0, element, length] as number[]),
    ),
  );
}

/** How the records of the versions without templates become rows. */
export const LEGACY_PLANS = { 1: plan(1, V1), 5: plan(5, V5), 7: plan(7, V7) } as const;
