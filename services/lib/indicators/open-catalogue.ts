import type { Indicator, IndicatorGrouping, MonitoredObject, ScoringRule, Target } from "@v6meter/schemas";
import { Fault, queryConfig } from "@v6meter/schemas";
import type { Store } from "@v6meter/store";
import { activeUsersAnswer, countsActiveUsers } from "./active-users.ts";
import type { Catalogue, Refusal, ReportedFigure } from "./catalogue.ts";
import { builtInFiles, folderFiles, folderStamp } from "./catalogue-folder.ts";
import { type Combined, combine } from "./combine.ts";
import { checkQuestion, checkRows, evaluate, typesOf } from "./evaluate.ts";
import { judge, type Verdict } from "./judge.ts";
import { monthBegin, monthNumber } from "./month.ts";
import { type ObjectAnswer, type ObjectQuestion, objectTraffic } from "./object-traffic.ts";
import { type ParsedFile, parseFile } from "./parse-file.ts";
import { publishedFigures } from "./published.ts";
import type { Answer, Question } from "./question.ts";
import { type Score, scores } from "./score.ts";
import type { Types } from "./statement.ts";
import { openSubmitted, withSubmitted } from "./submitted.ts";
import { LOOK_BACK_MONTHS, type TargetProgress, targetProgress } from "./target-progress.ts";

export interface CatalogueOptions {
  readonly store: Store;
  /** Folder of files beside the built-in ones; null: none. */
  readonly dir: string | null;
  /** Figures of fewer subscribers are not published. */
  readonly leastUsers?: number;
  /** Told when what is refused has changed, and there is some. */
  readonly onRefused?: (refused: readonly Refusal[]) => void;
  readonly now?: () => number;
}

/** What was refused is judged again after so long: the engine may have a table by now that it had not. */
const REFUSED_AGAIN_MS = 30_000;

/**
 * The catalogue over a store. The folder is looked at whenever it is asked: a file is served from then on. So are
 * accepted figures of a reported indicator whenever it is evaluated.
 */
export interface OpenCatalogue {
  current(): Promise<Catalogue>;
  /**
   * The figures as they may be published: of active subscribers by the ladder, of few none. There is no other way to
   * a figure, so scores and targets are of these too. Throws QUERY_INVALID for what the indicator does not allow.
   */
  published(indicator: Indicator, question: Question): Promise<Answer>;
  /** Traffic of objects together, a flow once however many matchers it fits. */
  traffic(objects: readonly MonitoredObject[], question: ObjectQuestion): Promise<ObjectAnswer>;
  /** Scores of a month, or of any other period, by a rule. */
  score(rule: ScoringRule, period: Question["period"]): Promise<readonly Score[]>;
  /** How far a target is by the months that have ended. */
  progress(target: Target, nowMs: number): Promise<TargetProgress>;
}

/** Opens the catalogue; nothing is read or asked before it is. */
export function openCatalogue({
  store,
  dir,
  leastUsers = queryConfig.parse({}).min_cell_users,
  onRefused = () => {},
  now = Date.now,
}: CatalogueOptions): OpenCatalogue {
  const approved = new Set<string>();
  const types = new Map<string, Promise<Types>>();
  const submitted = openSubmitted(store);
  let builtIn: readonly ParsedFile[] | undefined;
  let stamp: string | undefined;
  let loading: Promise<Catalogue> | undefined;
  let againAtMs = Number.POSITIVE_INFINITY;
  let told = "[]";

  const judged = async (indicator: Indicator): Promise<Verdict | null> => {
    const name = JSON.stringify(indicator);
    if (approved.has(name)) return null;
    const verdict = await judge(store, indicator);
    if (verdict === null) approved.add(name);
    return verdict;
  };

  const load = async (): Promise<Catalogue> => {
    builtIn ??= builtInFiles().map(parseFile);
    const { files, refused: unread } = readOrRefuse(dir);
    const catalogue = await settle([...builtIn, ...files.map(parseFile)], judged);
    const refused = [...unread, ...catalogue.refused];
    if (refused.length > 0 && JSON.stringify(refused) !== told) onRefused(refused);
    told = JSON.stringify(refused);
    againAtMs = refused.length > 0 ? now() + REFUSED_AGAIN_MS : Number.POSITIVE_INFINITY;
    return { ...catalogue, refused };
  };

  const counted = (indicator: Indicator, question: Question, reported: () => Promise<readonly ReportedFigure[]>) => {
    const name = JSON.stringify(indicator);
    return evaluate(store, indicator, question, {
      reported,
      types: () =>
        types.getOrInsertComputed(name, () => {
          const asked = typesOf(store, indicator);
          asked.catch(() => types.delete(name));
          return asked;
        }),
    });
  };

  return {
    current() {
      const found = folderStamp(dir);
      if (loading !== undefined && found === stamp && now() < againAtMs) return loading;
      stamp = found;
      againAtMs = Number.POSITIVE_INFINITY;
      const next = load();
      loading = next;
      // A store that does not answer, or a folder that is away, is asked again next time.
      next.catch(() => {
        if (loading === next) loading = undefined;
      });
      return next;
    },

    async published(indicator, question) {
      checkQuestion(indicator, question);
      if (countsActiveUsers(indicator)) {
        const answer = await activeUsersAnswer(store, indicator, question, leastUsers);
        checkRows(answer.rows.length);
        return answer;
      }
      const { reported } = await this.current();
      return indicator.kind === "distinct"
        ? publishedFigures((it, asked) => counted(it, asked, async () => []), indicator, question, leastUsers)
        : counted(indicator, question, async () =>
            withSubmitted(reported.get(indicator.series ?? "") ?? [], await submitted.figuresOf(indicator)),
          );
    },

    traffic: (objects, question) => objectTraffic(store, objects, question),

    async score(rule, period) {
      const { indicators } = await this.current();
      const { subject } = rule;
      const figuresOf = async (part: ScoringRule["items"][number] | ScoringRule["penalties"][number]) => {
        const indicator = indicators.get(part.indicator);
        if (indicator === undefined)
          throw new RangeError(`${rule.id} asks for ${part.indicator}, which is no indicator`);
        const filters = part.where as Question["filters"];
        const { rows } = await this.published(indicator, { period, by: [subject], interval: null, filters });
        return new Map(rows.map(({ atMs: _, keys, ...figure }) => [keys[subject] ?? "", figure]));
      };
      const [items, penalties] = await Promise.all([
        Promise.all(rule.items.map(figuresOf)),
        Promise.all(rule.penalties.map(figuresOf)),
      ]);
      return scores(rule, { items, penalties });
    },

    async progress(target, nowMs) {
      const { indicators } = await this.current();
      const indicator = indicators.get(target.indicator);
      if (indicator === undefined) throw new RangeError(`${target.id} is a target of no indicator`);
      const now = monthNumber(nowMs);
      // Reported figures may be years apart; traffic older than the pace looks back is not read.
      const since = indicator.series === undefined ? now - LOOK_BACK_MONTHS - 1 : 0;
      const { rows } = await this.published(indicator, {
        period: { fromMs: monthBegin(since), toMs: monthBegin(now) },
        by: [],
        interval: "1mo",
        filters: target.where as Partial<Record<IndicatorGrouping, string[]>>,
      });
      const months = rows.flatMap(({ atMs, value, method, coverage, low, high }) =>
        atMs === null || value === null
          ? []
          : [{ atMs, value, ...(method !== undefined && { method, coverage, low, high }) }],
      );
      return targetProgress(target, indicator, months);
    },
  };
}

/** A folder that cannot be read leaves what is built in. */
function readOrRefuse(dir: string | null): { files: ReturnType<typeof folderFiles>; refused: Refusal[] } {
  try {
    return { files: folderFiles(dir), refused: [] };
  } catch (error) {
    const reason = `cannot be read: ${(error as Error).message}; allowed is a folder of YAML and CSV files`;
    return { files: [], refused: [{ file: dir ?? "", line: 0, reason }] };
  }
}

/**
 * Takes files out until those left fit together and the engine takes their statements. Files of the folder are
 * refused; a mistake in a built-in one is ours and is thrown.
 */
async function settle(
  all: readonly ParsedFile[],
  judged: (indicator: Indicator) => Promise<Verdict | null>,
): Promise<Catalogue> {
  const refused: Refusal[] = [];
  let files = all;
  for (;;) {
    const own = files.flatMap(({ problems }) => problems);
    const sound = own.length > 0 ? null : combine(files);
    const problems =
      sound === null ? own : [...sound.problems, ...(sound.problems.length > 0 ? [] : await statements(sound, judged))];
    if (sound !== null && problems.length === 0) {
      const { indicators, objects, targets, scoring, reported } = sound;
      return { indicators, objects, targets, scoring, reported, refused: refused.sort(byPlace) };
    }
    const blamed = blame(files, problems);
    refused.push(...blamed);
    const broken = new Set(blamed.map(({ file }) => file));
    files = files.filter(({ path }) => !broken.has(path));
  }
}

/** What is built in was sound by itself: where it no longer is, an entry that replaces one of it is the reason. */
function blame(files: readonly ParsedFile[], problems: readonly Refusal[]): readonly Refusal[] {
  const builtIn = files.filter((file) => file.builtIn);
  const ours = problems.find(({ file }) => builtIn.some(({ path }) => path === file));
  if (ours === undefined) return problems;
  const ids = new Set(builtIn.flatMap(({ indicators }) => indicators.map(({ value }) => value.id)));
  const replaced = files
    .filter((file) => !file.builtIn)
    .flatMap(({ path, indicators }) =>
      indicators
        .filter(({ value }) => ids.has(value.id))
        .map(({ value, lineOf }) => ({
          file: path,
          line: lineOf("id"),
          reason: `${value.id} replaces a built-in indicator that others rest on: ${ours.reason}`,
        })),
    );
  if (replaced.length > 0) return replaced;
  throw new Fault("INTERNAL", `${ours.file}:${ours.line}: ${ours.reason}`);
}

async function statements(
  { indicators, placeOf }: Combined,
  judged: (indicator: Indicator) => Promise<Verdict | null>,
): Promise<Refusal[]> {
  const refused: Refusal[] = [];
  for (const indicator of indicators.values()) {
    const place = placeOf(indicator.id);
    // The tests have had the engine judge what is built in.
    if (place.builtIn) continue;
    const verdict = await judged(indicator);
    if (verdict)
      refused.push({
        file: place.file,
        line: place.lineOf(verdict.member),
        reason: `${indicator.id}: ${verdict.reason}`,
      });
  }
  return refused;
}

function byPlace(a: Refusal, b: Refusal): number {
  return a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1;
}
