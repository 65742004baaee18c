import { parseArgs } from "node:util";
import { wholeOption } from "@v6meter/runtime";
import { Fault } from "@v6meter/schemas";
import { MIX_NAMES, type MixName } from "./mixes/mix.ts";
import { WAYS, type Way } from "./tools/tool.ts";

export const TOOL_NAMES = ["v6meter", "goflow2", "nfcapd", "nfacctd", "node-netflowv9"] as const;

export const HELP = `Usage: npm run bench -- [options]

This platform beside its peers: the same packets to all, sent by one process at one pace, the tools in turns: CPU time,
peak memory and the highest rate without a loss, each by mix and by where records are brought to. Fails where this
platform loses a record at the pace of the measurement, and where a tool's count is above what was sent.

  --seed N       values in the records (1)
  --rounds N     rounds of each case; the median and the spread are told (3)
  --records N    flow records of a round, after a third as many that warm up (240000)
  --rate N       flow records a second (80000)
  --step-ms N    length of a step of the search for the highest rate without a loss; 0: none is searched (1000)
  --only LIST    names parted by commas of tools, mixes and ways; a kind of which none is named is left whole:
                 ${TOOL_NAMES.join(", ")}; ${MIX_NAMES.join(", ")}; ${WAYS.join(", ")}
  --quick        the same table in less than two minutes: one round of fewer records, no v5, no Kafka, no search
  --save DIR     write the results into this folder, as JSON and Markdown named by date and commit
  --json         one JSON line instead of tables
  --help         this text
`;

export interface Options {
  readonly seed: number;
  readonly rounds: number;
  readonly records: number;
  readonly ratePerS: number;
  /** 0: no search for the highest rate. */
  readonly stepMs: number;
  readonly tools: readonly string[];
  readonly mixes: readonly MixName[];
  readonly ways: readonly Way[];
  readonly quick: boolean;
  /** Null: nothing is saved. */
  readonly save: string | null;
  readonly json: boolean;
}

const QUICK = {
  rounds: "1",
  records: "120000",
  "step-ms": "0",
  mixes: MIX_NAMES.filter((mix) => mix !== "v5"),
  ways: WAYS.filter((way) => way !== "kafka"),
} as const;
const FULL = { rounds: "3", records: "240000", "step-ms": "1000", mixes: MIX_NAMES, ways: WAYS } as const;

/** The names of a kind among those asked for; all of the kind where none is. */
function named<T extends string>(
  asked: readonly string[],
  all: readonly T[],
  otherwise: readonly T[] = all,
): readonly T[] {
  const found = all.filter((name) => asked.includes(name));
  return found.length > 0 ? found : otherwise;
}

function parsed(args: readonly string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        seed: text,
        rounds: text,
        records: text,
        rate: text,
        "step-ms": text,
        only: text,
        save: text,
        quick: flag,
        json: flag,
        help: flag,
      },
    }).values;
  } catch (cause) {
    throw new Fault("CONFIG_INVALID", `${(cause as Error).message.split("\n")[0]} See --help.`, { cause });
  }
}

/** Reads the command line; null where only help is asked for. Throws CONFIG_INVALID for what is not allowed. */
export function readOptions(args: readonly string[]): Options | null {
  const values = parsed(args);
  if (values.help) return null;
  const preset = values.quick ? QUICK : FULL;
  const asked = (values.only ?? "").split(",").flatMap((name) => name.trim() || []);
  const known: readonly string[] = [...TOOL_NAMES, ...MIX_NAMES, ...WAYS];
  const unknown = asked.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Fault("CONFIG_INVALID", `--only: ${unknown.join(", ")} is not known, allowed are ${known.join(", ")}.`);
  return {
    seed: wholeOption("seed", values.seed ?? "1", 0, 0xffff_ffff),
    rounds: wholeOption("rounds", values.rounds ?? preset.rounds, 1, 100),
    records: wholeOption("records", values.records ?? preset.records, 30_000, 100_000_000),
    ratePerS: wholeOption("rate", values.rate ?? "80000", 1_000, 10_000_000),
    stepMs: wholeOption("step-ms", values["step-ms"] ?? preset["step-ms"], 0, 600_000),
    tools: named(asked, TOOL_NAMES),
    mixes: named(asked, MIX_NAMES, preset.mixes),
    ways: named(asked, WAYS, preset.ways),
    quick: values.quick,
    save: values.save ?? null,
    json: values.json,
  };
}
