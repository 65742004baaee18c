import { z } from "zod";
import { BOOK_UNITS, type BookUnit, type LedgerStage, STAGES } from "../ledger.ts";
import { count, ratio } from "./count.ts";

const UNITS = Object.keys(BOOK_UNITS) as [BookUnit, ...BookUnit[]];

/** The books of one stage: received = forwarded + held + dropped. */
export const stageBooks = z.object({
  unit: z.enum(UNITS).describe("What the stage counts"),
  received: count,
  forwarded: count,
  held: count.describe("Neither forwarded nor dropped yet; over a period the change of it"),
  dropped: count,
  dropped_by_reason: z.record(z.string(), count).describe("By the reasons of the catalogue, retired ones among them"),
  balanced: z.boolean().describe("Whether received = forwarded + held + dropped"),
});
export type StageBooks = z.infer<typeof stageBooks>;

/** What sequence numbers tell, in the unit of the exporter's version: v5 flows, v9 datagrams, IPFIX data records. */
export const sequenceBooks = z.object({ expected: count, lost: count, reordered: count, duplicated: count });
export type SequenceBooks = z.infer<typeof sequenceBooks>;

/** The books of one exporter, or of all. */
export const books = z.object({
  stages: z.partialRecord(z.enum(Object.keys(STAGES) as [LedgerStage, ...LedgerStage[]]), stageBooks),
  sequence: sequenceBooks,
  balanced: z.boolean().describe("Whether every stage is balanced"),
  completeness: ratio.describe(
    "(expected - lost) / expected by sequence numbers, times the part of sets that was not dropped; null where no sequence number is known",
  ),
});
export type Books = z.infer<typeof books>;
