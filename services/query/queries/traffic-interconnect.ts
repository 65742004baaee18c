import { api } from "@v6meter/schemas";
import { defineQuery } from "@v6meter/store";
import { z } from "zod";

const texts = z.array(z.string());
const period = { from_s: z.int(), to_s: z.int() };

/** Exporters whose interfaces carried something. */
export const interfaceExportersQuery = defineQuery({
  name: "interface-exporters",
  params: z.strictObject(period),
  row: z.object({ exporter: z.string() }),
});

/** Bytes by the operators that the interfaces of direct-connect points face. */
export const trafficInterconnectQuery = defineQuery({
  name: "traffic-interconnect",
  params: z.strictObject({
    ...period,
    operator: texts,
    faces: texts,
    face_operators: texts,
    face_points: texts,
    exporters: texts,
    exporter_operators: texts,
    exporter_points: texts,
    v4_technologies: texts,
    v6_transition_technologies: texts,
    native_technologies: texts,
  }),
  row: z.object({
    is_total: z.int(),
    from_operator: z.string(),
    to_operator: z.string(),
    ...api.trafficInterconnect.shape.total.shape,
  }),
});
