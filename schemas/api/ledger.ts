import { z } from "zod";
import { type LedgerStage, STAGES } from "../ledger.ts";
import { books } from "./books.ts";
import { instant, ZONE } from "./instant.ts";
import { exporterAddress, oneOf, periodParameters, requirePeriod } from "./parameters.ts";

/** Parameters of `GET /api/v1/ledger`. Without a period: the books since the beginning. */
export const ledgerParameters = z
  .strictObject({
    ...periodParameters,
    exporter: z.array(exporterAddress).default([]).describe("Address of an exporter"),
    stage: z
      .array(oneOf(Object.keys(STAGES) as LedgerStage[]))
      .default([])
      .describe("Stage of the books; all where none is given"),
  })
  .superRefine(requirePeriod);

export type LedgerParameters = z.output<typeof ledgerParameters>;

/** Answer of `GET /api/v1/ledger`. */
export const ledger = z
  .object({
    period: z
      .object({ from: instant, to: instant, zone: z.literal(ZONE) })
      .nullable()
      .describe("[from, to); null: since the beginning"),
    total: books.describe("The books of all exporters together"),
    exporters: z
      .array(z.object({ exporter: z.string(), ...books.shape }))
      .describe("The books per exporter; `::` holds what no exporter is known for, such as drops of the kernel"),
  })
  .describe("The books in total and per exporter");
export type Ledger = z.infer<typeof ledger>;
