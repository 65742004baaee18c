import { type LedgerStage, OUTCOMES, STAGES } from "@v6meter/schemas";
import { defineQuery } from "@v6meter/store";
import { z } from "zod";
import { exporterText } from "./traffic-share.ts";

const entry = {
  stage: z.enum(Object.keys(STAGES) as [LedgerStage, ...LedgerStage[]]),
  outcome: z.enum(OUTCOMES),
  reason: z.string(),
  units: z.string(),
};

/** The books by exporter over a period. */
export const ledgerQuery = defineQuery({
  name: "ledger",
  params: z.strictObject({
    from_s: z.int(),
    to_s: z.int(),
    exporter: z.array(z.string()),
  }),
  row: z.object({ exporter_text: exporterText, ...entry }),
});

/** The books of all exporters since the beginning. */
export const ledgerTotalsQuery = defineQuery({
  name: "ledger-totals",
  params: z.strictObject({}),
  row: z.object(entry),
});
export type LedgerEntry = z.output<typeof ledgerTotalsQuery.row>;
