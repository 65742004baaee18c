import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  exportersFile,
  Fault,
  operatorsFile,
  prefixRow,
  REGISTRY_FILES,
  type RegistryInterface,
  type RegistryRegion,
  regionsFile,
  specialRow,
  transitionFile,
} from "@v6meter/schemas";
import { parsePrefix } from "./prefix.ts";
import {
  type Exporter,
  type Operator,
  type PrefixEntry,
  type Registry,
  type SpecialRange,
  TRANSITION_ROLES,
  type TransitionRange,
} from "./registry.ts";
import { Problems, type RegistryFile, readCsv, readYaml } from "./registry-file.ts";

const BUILT_IN_DIR = fileURLToPath(new URL("./registry/", import.meta.url));
const FILE_NAMES = Object.keys(REGISTRY_FILES);

/**
 * Reads the registry: what is built in, and the files of the folder on top of it (null: none). An entry
 * of the folder replaces the built-in entry of its key. Throws a Fault REGISTRY_INVALID that names the
 * file and the line of every mistake (20 are listed), what was found and what is allowed.
 */
export function loadRegistry(dir: string | null): Registry {
  const problems = new Problems();
  const builtIn = readFolder(BUILT_IN_DIR, true, problems);
  const files = dir === null ? builtIn : [...builtIn, ...readFolder(dir, false, problems)];
  const regions = readRegions(files, problems);
  const operators = readOperators(files, problems);
  const known = {
    region: new Set(["unknown", ...regions.map((region) => region.code)]),
    operator: new Set(["unknown", ...operators.map((operator) => operator.id)]),
  };
  const registry = {
    version: versionOf(files),
    regions,
    operators,
    prefixes: readPrefixes(files, known, problems),
    exporters: readExporters(files, known, problems),
    special: readSpecial(files, problems),
    transition: readTransition(files, problems),
  };
  problems.throwIfAny();
  return registry;
}

/** What the registry folder holds now, as the `version` a registry read from it would have. */
export function registryVersion(dir: string | null): string {
  const ignored = new Problems();
  const builtIn = readFolder(BUILT_IN_DIR, true, ignored);
  return versionOf(dir === null ? builtIn : [...builtIn, ...readFolder(dir, false, ignored)]);
}

function versionOf(files: readonly RegistryFile[]): string {
  const hash = createHash("sha256");
  for (const { name, text } of files) hash.update(JSON.stringify([name, text]));
  return hash.digest("hex").slice(0, 12);
}

function readFolder(dir: string, builtIn: boolean, problems: Problems): RegistryFile[] {
  try {
    const files: RegistryFile[] = [];
    for (const name of readdirSync(dir).sort()) {
      if (!/\.(ya?ml|csv)$/i.test(name) || name.startsWith(".")) continue;
      const path = builtIn ? `built-in ${name}` : join(dir, name);
      if (!FILE_NAMES.includes(name) && !isPrefixTable(name))
        problems.add(path, 0, `is not a file of the registry; allowed are ${FILE_NAMES.join(", ")}`);
      // A stranger is kept, so that its coming and going is a change that is told.
      files.push({ name, path, text: readFileSync(join(dir, name), "utf8"), builtIn });
    }
    return files;
  } catch (cause) {
    throw new Fault("REGISTRY_INVALID", `The registry folder ${dir} cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function isPrefixTable(name: string): boolean {
  return /^prefixes.*\.csv$/.test(name);
}

/** Entries by key; one of the folder replaces the built-in one, two of the folder are a mistake. */
class Keyed<T> {
  readonly #entries = new Map<string, { value: T; file: RegistryFile; line: number }>();
  readonly #problems: Problems;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  add(key: string, value: T, file: RegistryFile, line: number): void {
    const other = this.#entries.get(key);
    if (other && other.file.builtIn === file.builtIn)
      this.#problems.add(
        file.path,
        line,
        `${key} is given twice; it stands already in ${other.file.path}:${other.line}`,
      );
    else this.#entries.set(key, { value, file, line });
  }

  values(): T[] {
    return Array.from(this.#entries.values(), ({ value }) => value);
  }
}

function named(files: readonly RegistryFile[], name: string): RegistryFile[] {
  return files.filter((file) => file.name === name);
}

function readRegions(files: readonly RegistryFile[], problems: Problems): RegistryRegion[] {
  const regions = new Keyed<RegistryRegion>(problems);
  for (const file of named(files, "regions.yaml")) {
    const read = readYaml(file, regionsFile, problems);
    for (const [i, region] of read?.value.regions.entries() ?? [])
      regions.add(region.code, region, file, read?.lineOf(["regions", i]) ?? 0);
  }
  return regions.values();
}

function readOperators(files: readonly RegistryFile[], problems: Problems): Operator[] {
  const operators = new Keyed<Operator>(problems);
  const asns = new Keyed<{ asn: number; id: string }>(problems);
  for (const file of named(files, "operators.yaml")) {
    const read = readYaml(file, operatorsFile, problems);
    for (const [i, { id, zh, en, ...rest }] of read?.value.operators.entries() ?? []) {
      const line = read?.lineOf(["operators", i]) ?? 0;
      operators.add(
        id,
        { id, zh, en, asns: rest.asns, subscriberPrefixLengths: rest.subscriber_prefix_lengths },
        file,
        line,
      );
      for (const asn of rest.asns) asns.add(`AS${asn}`, { asn, id }, file, line);
    }
  }
  // An ASN that the folder gives to another operator is taken from the built-in one.
  const owners = new Map(asns.values().map(({ asn, id }) => [asn, id]));
  return operators.values().map((operator) => ({
    ...operator,
    asns: operator.asns.filter((asn) => owners.get(asn) === operator.id),
  }));
}

interface Known {
  readonly region: ReadonlySet<string>;
  readonly operator: ReadonlySet<string>;
}

/** A name that is registered, or undefined where it is absent or `unknown`. */
function knownName(
  kind: keyof Known,
  name: string | undefined,
  known: Known,
  complain: (sentence: string) => void,
): string | undefined {
  if (name === undefined || name === "unknown") return undefined;
  if (!known[kind].has(name))
    complain(`${kind} ${JSON.stringify(name)} is not registered; allowed are ${[...known[kind]].join(", ")}`);
  return name;
}

/** Days begin at 00:00 in Asia/Shanghai, which has had no summer time since 1991. */
function momentMs(text: string | undefined, open: number): number {
  if (text === undefined) return open;
  return Date.parse(text.length === 10 ? `${text}T00:00:00+08:00` : text);
}

function readPrefixes(files: readonly RegistryFile[], known: Known, problems: Problems): PrefixEntry[] {
  const byPrefix = new Map<string, PrefixEntry[]>();
  for (const file of files.filter(({ name }) => isPrefixTable(name)))
    for (const { value: row, line } of readCsv(file, prefixRow, problems)) {
      const complain = (sentence: string) => problems.add(file.path, line, sentence);
      const entry = prefixEntry(row, { file: file.path, line, builtIn: file.builtIn }, known, complain);
      if (entry === null) continue;
      const rivals = (byPrefix.get(entry.prefix.text) ?? []).filter(({ place }) => place.builtIn === file.builtIn);
      const rival = rivals.find((other) => entry.validFromMs < other.validToMs && other.validFromMs < entry.validToMs);
      if (rival)
        complain(
          `${entry.prefix.text} overlaps ${rival.place.file}:${rival.place.line}, the same prefix in force at the same time; ` +
            "end one (valid_to) no later than the other begins (valid_from)",
        );
      else byPrefix.set(entry.prefix.text, [...rivals, entry]);
    }
  return [...byPrefix.values()].flat();
}

function prefixEntry(
  row: ReturnType<typeof prefixRow.parse>,
  place: PrefixEntry["place"],
  known: Known,
  complain: (sentence: string) => void,
): PrefixEntry | null {
  const operator = knownName("operator", row.operator, known, complain);
  const region = knownName("region", row.region, known, complain);
  const validFromMs = momentMs(row.valid_from, Number.NEGATIVE_INFINITY);
  const validToMs = momentMs(row.valid_to, Number.POSITIVE_INFINITY);
  if (validFromMs >= validToMs)
    complain(`valid_to ${row.valid_to} is not after valid_from ${row.valid_from}; the row would never be in force`);
  const prefix = parsePrefix(row.prefix);
  if (typeof prefix === "string") {
    complain(`prefix ${prefix}`);
    return null;
  }
  const subscriberPrefixLength = row.subscriber_prefix_length;
  if (subscriberPrefixLength !== undefined && prefix.ipVersion === 4)
    complain("subscriber_prefix_length has no meaning for IPv4; leave it empty");
  else if (subscriberPrefixLength !== undefined && subscriberPrefixLength < prefix.length)
    complain(
      `subscriber_prefix_length ${subscriberPrefixLength} is shorter than the prefix; allowed is ${prefix.length} to 128`,
    );
  const access = row.access === "unknown" ? undefined : row.access;
  const subscriberPool = row.subscriber_pool;
  return { prefix, operator, region, access, validFromMs, validToMs, subscriberPrefixLength, subscriberPool, place };
}

function readExporters(files: readonly RegistryFile[], known: Known, problems: Problems): Exporter[] {
  const exporters = new Keyed<Exporter>(problems);
  for (const file of named(files, "exporters.yaml")) {
    const read = readYaml(file, exportersFile, problems);
    for (const [i, row] of read?.value.exporters.entries() ?? []) {
      const lineOf = (...path: PropertyKey[]) => read?.lineOf(["exporters", i, ...path]) ?? 0;
      const names = (of: { region?: string | undefined; operator?: string | undefined }, ...path: PropertyKey[]) => ({
        region: knownName("region", of.region, known, (text) =>
          problems.add(file.path, lineOf(...path, "region"), text),
        ),
        operator: knownName("operator", of.operator, known, (text) =>
          problems.add(file.path, lineOf(...path, "operator"), text),
        ),
      });
      const interfaces = new Map<number, RegistryInterface>();
      for (const [index, face] of Object.entries(row.interfaces)) {
        names(face, "interfaces", index);
        if (Number(index) > 0xffff_ffff)
          problems.add(
            file.path,
            lineOf("interfaces", index),
            `ifIndex ${index} is not allowed; the highest is 4294967295`,
          );
        interfaces.set(Number(index), face);
      }
      const prefix = parsePrefix(row.exporter, { bare: true });
      if (typeof prefix === "string") {
        problems.add(file.path, lineOf("exporter"), `exporter ${prefix}`);
        continue;
      }
      const exporter: Exporter = {
        prefix,
        name: row.name,
        ...names(row),
        access: row.access,
        observationPoint: row.observation_point,
        samplingRate: row.sampling_rate ?? 0,
        interfaces,
      };
      exporters.add(prefix.text, exporter, file, lineOf("exporter"));
    }
  }
  return exporters.values();
}

function readSpecial(files: readonly RegistryFile[], problems: Problems): SpecialRange[] {
  const ranges = new Keyed<SpecialRange>(problems);
  for (const file of named(files, "special.csv"))
    for (const { value: row, line } of readCsv(file, specialRow, problems)) {
      const prefix = parsePrefix(row.prefix);
      if (typeof prefix === "string") problems.add(file.path, line, `prefix ${prefix}`);
      else ranges.add(prefix.text, { prefix, kind: row.kind }, file, line);
    }
  return ranges.values();
}

/** Roles whose prefixes are IPv4; the others are IPv6. */
const IPV4_ROLES: readonly string[] = ["6to4_relays", "6rd_br"];

function readTransition(files: readonly RegistryFile[], problems: Problems): TransitionRange[] {
  const ranges = new Keyed<TransitionRange>(problems);
  for (const file of named(files, "transition.yaml")) {
    const read = readYaml(file, transitionFile, problems);
    for (const [technology, lists] of Object.entries(read?.value ?? {}))
      for (const [list, texts] of Object.entries(lists as Record<string, string[]>))
        for (const [i, text] of texts.entries()) {
          const path = [technology, list, i];
          const line = read?.lineOf(path) ?? 0;
          const role = TRANSITION_ROLES.find((name) => name === `${technology}_${list}`);
          if (role === undefined) throw new Error(`transition.yaml has a list without a role: ${technology}.${list}`);
          const prefix = parsePrefix(text, { bare: true });
          const ipVersion = IPV4_ROLES.includes(role) ? 4 : 6;
          if (typeof prefix === "string") problems.add(file.path, line, `${technology}.${list} ${prefix}`);
          else if (prefix.ipVersion !== ipVersion)
            problems.add(file.path, line, `${technology}.${list} takes IPv${ipVersion} prefixes, found ${prefix.text}`);
          else ranges.add(`${technology}.${list} ${prefix.text}`, { prefix, role }, file, line);
        }
  }
  return ranges.values();
}
