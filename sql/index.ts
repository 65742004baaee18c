/** Access to the .sql files; no other TypeScript knows where they lie. */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = import.meta.dirname;
const MIGRATION_NAME = /^\d{4}_[a-z0-9_]+\.sql$/;

/** One step of the tables' history: one statement a file, safe to repeat, never changed once released. */
export interface Migration {
  /** File name without `.sql`: a number of four digits and what it makes. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file in hexadecimal; the same whatever line ends a checkout gives it. */
  readonly sha256: string;
}

/** Text of a file of this folder, such as `queries/traffic-share.sql`. Throws where there is none. */
export function sqlFile(path: string): string {
  return readFileSync(join(FOLDER, path), "utf8").replaceAll("\r\n", "\n");
}

/**
 * All migrations in the order they are applied. The first makes the table `migrations` itself. Throws
 * where a file's name is not a number of four digits, `_` and words, or a number is missing or used twice.
 */
export function listMigrations(): Migration[] {
  const files = readdirSync(join(FOLDER, "migrations")).sort();
  return files.map((file, i) => {
    if (!MIGRATION_NAME.test(file) || Number(file.slice(0, 4)) !== i + 1) {
      throw new Error(`sql/migrations/${file} must be named ${String(i + 1).padStart(4, "0")}_….sql`);
    }
    const sql = sqlFile(`migrations/${file}`);
    return { name: file.slice(0, -4), sql, sha256: createHash("sha256").update(sql).digest("hex") };
  });
}

/** A view of the analysts' database. */
export interface AnalystView {
  readonly name: string;
  /** One SELECT; `{database}` stands for the database of the tables, `{class}` for the class of traffic. */
  readonly select: string;
}

/** All views for analysts, by name: `analyst/NAME.sql`. */
export function listAnalystViews(): AnalystView[] {
  return readdirSync(join(FOLDER, "analyst"))
    .sort()
    .map((file) => ({
      name: file.replace(/\.sql$/, ""),
      select: sqlFile(`analyst/${file}`)
        .replaceAll(/^--.*\n/gm, "")
        .trim(),
    }));
}

/** A question to start from, of `queries/analysis/`. */
export interface AnalysisQuestion {
  readonly name: string;
  /** The first line of the file's comment. */
  readonly zh: string;
  /** The rest of the comment, but for what it reads. */
  readonly en: string;
  /** Whether it reads the tables behind the views. */
  readonly raw: boolean;
  /** One SELECT. */
  readonly statement: string;
}

const READS_RAW = "Reads the tables behind the views: needs the right raw.";

/** All questions to start from, by name. */
export function listAnalysisQuestions(): AnalysisQuestion[] {
  return readdirSync(join(FOLDER, "queries/analysis"))
    .sort()
    .map((file) => {
      const text = sqlFile(`queries/analysis/${file}`);
      const [zh = "", ...rest] = [...text.matchAll(/^-- ?(.*)$/gm)].map(([, line = ""]) => line);
      const told = rest.join(" ");
      return {
        name: file.replace(/\.sql$/, ""),
        zh,
        en: told.replace(READS_RAW, "").trim(),
        raw: told.includes(READS_RAW),
        statement: text.replaceAll(/^--.*\n/gm, "").trim(),
      };
    });
}
