import { type Audit, actorOf, type Identity } from "@v6meter/identity";
import { monthBeginOf, monthNumber, type OpenCatalogue, submittedFigures } from "@v6meter/indicators";
import {
  api,
  Fault,
  type Indicator,
  SUBMISSION_CHANGES,
  SUBMISSION_MAX_MESSAGES,
  type SubmissionChange,
  type SubmissionEvent,
  type SubmissionKey,
  type SubmissionMessage,
  submissionId,
  submissionTemplate,
} from "@v6meter/schemas";
import type { Named } from "../routes/registry.ts";
import { lastAccepted } from "./answer.ts";
import type { Changes, WantedChange } from "./changes.ts";
import { checkRows } from "./check.ts";
import type { SentRows } from "./read-rows.ts";
import { columnWords } from "./words.ts";

export interface DeskOptions {
  readonly changes: Changes;
  readonly catalogue: OpenCatalogue;
  readonly named: Named;
  readonly audit: Audit;
}

/** Who does something, and from which address. */
export interface Doer {
  readonly identity: Identity;
  readonly from: string;
}

/** Where submissions are handed in and decided; every change is in the audit log before and after it is made. */
export interface Desk {
  /** Keeps rows as a new version, and submits it where that is wanted and nothing stands against it. */
  handIn(key: SubmissionKey, sent: SentRows, wish: Wish, doer: Doer): Promise<void>;
  /** Throws SUBMISSION_INVALID where there are errors, or warnings without confirmation. */
  submit(key: SubmissionKey, version: number, confirmed: boolean, doer: Doer): Promise<void>;
  /** Accepts or returns the version that was read. */
  decide(key: SubmissionKey, change: "accept" | "return", version: number, reason: string, doer: Doer): Promise<void>;
}

interface Wish {
  readonly submit: boolean;
  readonly confirmed: boolean;
}

/** The indicator that reads a series, and which the reported series are. */
export async function readerOf(catalogue: OpenCatalogue, series: string) {
  const { indicators } = await catalogue.current();
  const reported = [...indicators.values()].filter((it) => it.series !== undefined);
  return { indicator: reported.findLast((it) => it.series === series), series: reported.map((it) => it.series) };
}

/** The indicator that reads a series. Throws QUERY_INVALID where it is none that is reported. */
async function knownReader(catalogue: OpenCatalogue, series: string): Promise<Indicator> {
  const found = await readerOf(catalogue, series);
  if (found.indicator !== undefined) return found.indicator;
  throw new Fault("QUERY_INVALID", `series: found ${series}; allowed: ${found.series.join(", ")}.`);
}

/** Opens the desk; nothing is asked before somebody comes. */
export function openDesk({ changes, catalogue, named, audit }: DeskOptions): Desk {
  const found = async (key: SubmissionKey, sent: SentRows): Promise<SubmissionMessage[]> => {
    const indicator = await knownReader(catalogue, key.series);
    const template = submissionTemplate(indicator);
    const before = { ...key, month: monthBefore(key.month) };
    const accepted = lastAccepted(await changes.of(before));
    return checkRows(sent, {
      template,
      words: columnWords(template, named(), await catalogue.current(), key.unit),
      unit: key.unit,
      previous: accepted ? submittedFigures(indicator, before, accepted.version, accepted.rows) : [],
    });
  };

  /** One change, written down before it is made and when it has ended. */
  const make = async (
    name: SubmissionChange,
    last: SubmissionEvent | undefined,
    wanted: Omit<WantedChange, "actor" | "role" | "state">,
    { identity, from }: Doer,
  ): Promise<SubmissionEvent> => {
    const { audit: action, to, from: allowed } = SUBMISSION_CHANGES[name];
    const id = submissionId(wanted);
    const state = last?.state ?? null;
    if (!(allowed as readonly (string | null)[]).includes(state))
      throw new Fault(
        "SUBMISSION_CONFLICT",
        `${id} is ${state ?? "not there"}; allowed to ${name.replace("_", " ")} is one that is ${allowed.map((it) => it ?? "new").join(", ")}.`,
      );
    const entry = { actor: actorOf(identity), from, action };
    const { version, errors, warnings, reason } = wanted;
    const detail = { id, version, rows: wanted.rows.length, errors, warnings, reason };
    // A change that cannot be written down is not made.
    await audit.append({ ...entry, outcome: "started", detail });
    try {
      const made = await changes.append(last, { ...wanted, state: to, actor: identity.name, role: identity.role });
      await audit.append({ ...entry, outcome: "done", detail: { id, version, change: made.change } });
      return made;
    } catch (error) {
      const code = error instanceof Fault ? error.code : "INTERNAL";
      if (code !== "AUDIT_UNWRITABLE") await audit.append({ ...entry, outcome: code, detail: { id, version } });
      throw error;
    }
  };

  return {
    async handIn(key, sent, { submit, confirmed }, doer) {
      const nowMonth = monthNumber(Date.now());
      if (monthNumber(monthBeginOf(key.month)) > nowMonth)
        throw new Fault("QUERY_INVALID", `month: found ${key.month}; allowed: a month that has begun.`);
      const messages = await found(key, sent);
      const last = (await changes.of(key)).at(-1);
      const draft = await make(
        "hand_in",
        last,
        {
          ...key,
          ...counted(messages),
          version: (last?.version ?? 0) + 1,
          rows: [...sent.rows],
          confirmed,
          reason: "",
        },
        doer,
      );
      if (submit && objections(draft) === null) await make("submit", draft, draft, doer);
    },

    async submit(key, version, confirmed, doer) {
      const last = await newest(changes, key, version);
      const columns = [...new Set(last.rows.flatMap(({ cells }) => Object.keys(cells)))];
      // What was asked for may have changed since: the month before may have been accepted meanwhile.
      const again = counted(await found(key, { columns, headerRow: null, rows: last.rows }));
      const wanted = { ...last, ...again, confirmed: confirmed || last.confirmed };
      // Mistakes of the header are not in the rows, so those found at first stand as well.
      const objection = objections(last.errors > 0 ? last : wanted);
      if (last.state === "draft" && objection !== null)
        throw new Fault("SUBMISSION_INVALID", `${submissionId(key)} version ${version} ${objection}.`);
      await make("submit", last, wanted, doer);
    },

    async decide(key, change, version, reason, doer) {
      const last = await newest(changes, key, version);
      await make(change, last, { ...last, reason }, doer);
    },
  };
}

function counted(messages: readonly SubmissionMessage[]) {
  const of = (severity: SubmissionMessage["severity"]) => messages.filter((it) => it.severity === severity).length;
  return { messages: messages.slice(0, SUBMISSION_MAX_MESSAGES), errors: of("error"), warnings: of("warning") };
}

function objections({ errors, warnings, confirmed }: Pick<SubmissionEvent, "errors" | "warnings" | "confirmed">) {
  if (errors > 0) return `has ${errors} errors; allowed is one without: hand in a mended file`;
  return warnings > 0 && !confirmed ? `has ${warnings} warnings; allowed is to confirm them, or a mended file` : null;
}

/** The last change of the version that is meant. Throws NOT_FOUND, and SUBMISSION_CONFLICT where there is a newer one. */
async function newest(changes: Changes, key: SubmissionKey, version: number): Promise<SubmissionEvent> {
  const last = (await changes.of(key)).at(-1);
  const id = submissionId(key);
  if (last === undefined) throw new Fault("NOT_FOUND", `${id} has not been handed in.`);
  if (last.version === version) return last;
  throw new Fault("SUBMISSION_CONFLICT", `${id}: found version ${version}; allowed is ${last.version}, the newest.`);
}

function monthBefore(month: string): string {
  return api.monthText(monthBeginOf(month) - 1);
}
