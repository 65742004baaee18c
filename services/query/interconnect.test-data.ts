import type { Store } from "@v6meter/store";
import { insertFlows } from "./province.test-data.ts";
import type { Faces, FacesOf } from "./routes/traffic-interconnect.ts";

/**
 * Three routers of a made-up direct-connect point: one of telecom's with peers at it, one of mobile's backbone with one
 * interface there, and one nobody says the owner of.
 */
const FACES: Readonly<Record<string, Faces>> = {
  "::ffff:198.51.100.1": {
    operator: "telecom",
    observationPoint: "interconnect",
    interfaces: new Map([
      [1, {}],
      [2, { operator: "mobile" }],
      [3, { operator: "unicom" }],
    ]),
  },
  "::ffff:198.51.100.2": {
    operator: "mobile",
    observationPoint: "backbone",
    interfaces: new Map([
      [5, { observationPoint: "access" }],
      [7, { operator: "telecom", observationPoint: "interconnect" }],
    ]),
  },
  "::ffff:198.51.100.3": { observationPoint: "interconnect", interfaces: new Map([[1, { operator: "broadnet" }]]) },
  "::ffff:198.51.100.4": { operator: "unicom", observationPoint: "man", interfaces: new Map() },
};

export const facesOf: FacesOf = (exporter) => FACES[exporter] ?? null;

/** What the point carried at a moment. From telecom to mobile 1,000 of IPv6 and 400 of IPv4, back 300 and 100, from unicom to mobile 0 and 50. */
export async function insertInterconnect(store: Store, at: string): Promise<void> {
  const seen = { at, counted: 1 as const, observation_point: "interconnect" };
  const [telecom, mobile, nobody] = ["198.51.100.1", "198.51.100.2", "198.51.100.3"];
  await insertFlows(store, [
    { ...seen, exporter: telecom, in_if: 1, out_if: 2, bytes: 500 },
    { ...seen, exporter: telecom, in_if: 1, out_if: 2, bytes: 100, technology: "6in4" },
    { ...seen, exporter: telecom, in_if: 1, out_if: 2, bytes: 400, family: 4 },
    { ...seen, exporter: telecom, in_if: 2, out_if: 1, bytes: 300 },
    { ...seen, exporter: telecom, in_if: 2, out_if: 1, bytes: 100, family: 4 },
    { ...seen, exporter: telecom, in_if: 3, out_if: 2, bytes: 50, family: 4 },
    { ...seen, exporter: mobile, in_if: 7, out_if: 9, bytes: 40, sampling_rate: 10 },
    { ...seen, exporter: nobody, in_if: 1, out_if: 2, bytes: 7 },
    // Elsewhere, of no family, and seen before.
    { ...seen, exporter: mobile, in_if: 9, out_if: 8, bytes: 9_999, observation_point: "backbone" },
    { ...seen, exporter: mobile, in_if: 5, out_if: 7, bytes: 9_999, observation_point: "access" },
    { ...seen, exporter: "198.51.100.4", in_if: 1, out_if: 2, bytes: 9_999, observation_point: "man" },
    { ...seen, exporter: "198.51.100.5", in_if: 1, out_if: 2, bytes: 9_999, observation_point: "unknown" },
    { ...seen, exporter: telecom, in_if: 1, out_if: 2, bytes: 9_999, technology: "special" },
    { ...seen, exporter: telecom, in_if: 1, out_if: 2, bytes: 9_999, counted: 0 },
  ]);
}
