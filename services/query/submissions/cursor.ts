import { Fault, type SubmissionKey } from "@v6meter/schemas";
import { z } from "zod";

const place = z.tuple([z.string(), z.string(), z.string()]);

/** Where the next page of submissions begins, as text that means nothing to others. */
export function cursorOf({ month, series, unit }: SubmissionKey): string {
  return Buffer.from(JSON.stringify([month, series, unit])).toString("base64url");
}

/** The submission a cursor stands behind. Throws QUERY_INVALID for one that is none. */
export function readCursor(cursor: string): SubmissionKey {
  try {
    const [month, series, unit] = place.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
    return { month, series, unit };
  } catch (cause) {
    throw new Fault("QUERY_INVALID", "cursor: found something else; allowed: the next of the page before.", { cause });
  }
}
