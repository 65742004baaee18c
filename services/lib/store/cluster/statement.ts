import { Fault } from "@v6meter/schemas";
import { type Token, tokenize } from "./tokens.ts";

/**
 * A statement that is read from left to right and edited in place: what is not edited stays as it is written.
 * Every way to read throws STORE_INVALID, naming the migration, where something else stands.
 */
export class Statement {
  readonly where: string;
  readonly #sql: string;
  readonly #tokens: readonly Token[];
  readonly #edits: { at: number; end: number; text: string }[] = [];
  #next = 0;

  constructor({ name, sql }: { readonly name: string; readonly sql: string }) {
    this.where = `sql/migrations/${name}.sql`;
    this.#sql = sql;
    this.#tokens = tokenize(sql, this.where);
  }

  get done(): boolean {
    return this.#next === this.#tokens.length;
  }

  /** The token that comes so many after the next one. */
  peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#next + ahead];
  }

  refuse(problem: string): never {
    throw new Fault("STORE_INVALID", `${this.where} cannot be placed on a cluster: ${problem}.`);
  }

  take(): Token {
    const token = this.#tokens[this.#next++];
    return token ?? this.refuse("it ends early");
  }

  /** Whether these words come next; case matters, as migrations write keywords in capitals. */
  startsWith(words: string): boolean {
    return words.split(" ").every((word, i) => this.peek(i)?.text === word);
  }

  /** Takes these words if they come next. */
  accept(words: string): boolean {
    const here = this.startsWith(words);
    if (here) this.#next += words.split(" ").length;
    return here;
  }

  expect(words: string): void {
    if (!this.accept(words)) this.refuse(`${words} is missing before ${this.peek()?.text ?? "its end"}`);
  }

  /** A name without a database and without quotes. */
  name(): Token {
    const token = this.take();
    if (token.kind !== "word") this.refuse(`${token.text} stands for a name`);
    if (this.peek()?.text === ".") this.refuse(`${token.text} is followed by a point, where a plain name is allowed`);
    return token;
  }

  /** Takes all up to the bracket that closes the one that comes next. */
  brackets(): { open: Token; close: Token } {
    const open = this.take();
    if (open.text !== "(") this.refuse(`${open.text} stands for an opening bracket`);
    let close = this.take();
    while (close.depth !== open.depth) close = this.take();
    return { open, close };
  }

  replace(token: Token, text: string): void {
    this.#edits.push({ at: token.at, end: token.end, text });
  }

  insertAfter(token: Token, text: string): void {
    this.#edits.push({ at: token.end, end: token.end, text });
  }

  /** The statement without the comments before it, with the edits. */
  render(): string {
    let text = "";
    let at = this.#tokens[0]?.at ?? 0;
    for (const edit of this.#edits.toSorted((a, b) => a.at - b.at || a.end - b.end)) {
      text += this.#sql.slice(at, edit.at) + edit.text;
      at = edit.end;
    }
    return (text + this.#sql.slice(at)).trimEnd();
  }
}
