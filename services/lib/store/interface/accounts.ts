import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Sight } from "../port.ts";
import type { SqlAccess, SqlAccount } from "./access.ts";
import { SqlException } from "./exception.ts";
import type { LoginLimit } from "./login-limit.ts";

/** Who may use the interface. `read` is a person behind the fence of statements; `all` may change everything. */
export type SqlUser = {
  readonly name: string;
  readonly rights: "read" | "all";
  /** What statements of rights `read` see; every table where it is missing. */
  readonly sight?: Sight;
} & ({ readonly password: string } | { /** SHA-256 of the password, in hex. */ readonly passwordHash: string });

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Somebody who is let in. */
export interface Admitted extends SqlAccount {
  readonly rights: SqlUser["rights"];
}

interface Account extends Admitted {
  readonly digest: Buffer;
}

interface Credentials {
  readonly name: string;
  readonly password: string;
}

function basicCredentials(header: string | undefined): Credentials | null {
  const [, encoded] = /^Basic +(\S+)$/i.exec(header ?? "") ?? [];
  if (!encoded) return null;
  const text = Buffer.from(encoded, "base64").toString();
  const colon = text.indexOf(":");
  return colon === -1 ? { name: text, password: "" } : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

function headerOf(request: IncomingMessage, name: string): string | null {
  const value = request.headers[name];
  return typeof value === "string" ? value : null;
}

/** Users by name, told by password. */
export class Accounts {
  readonly #accounts: ReadonlyMap<string, Account>;
  readonly #limit: LoginLimit;
  readonly #access: SqlAccess | null;
  readonly #nobody = sha256("nobody has this password");

  constructor(users: readonly SqlUser[], limit: LoginLimit, access: SqlAccess | null = null) {
    this.#access = access;
    this.#limit = limit;
    this.#accounts = new Map(
      users.map((user) => {
        const digest = "password" in user ? sha256(user.password) : Buffer.from(user.passwordHash, "hex");
        return [user.name, { name: user.name, rights: user.rights, sight: user.sight ?? "all", digest }];
      }),
    );
  }

  /** Who sent a request: by ClickHouse's headers, Basic or parameters; a user, or a person by key or token. Throws AUTHENTICATION_FAILED, and TooManyLogins after many. */
  async admit(request: IncomingMessage, parameters: URLSearchParams): Promise<Admitted> {
    const header = headerOf(request, "x-clickhouse-user");
    const given =
      header === null
        ? (basicCredentials(request.headers.authorization) ?? {
            name: parameters.get("user") ?? "default",
            password: parameters.get("password") ?? "",
          })
        : { name: header, password: headerOf(request, "x-clickhouse-key") ?? "" };
    const address = request.socket.remoteAddress ?? "";
    this.#limit.check(address, given.name);
    const account = this.#accounts.get(given.name);
    // An unknown name takes as long as a wrong password and is answered the same.
    const same = timingSafeEqual(sha256(given.password), account?.digest ?? this.#nobody);
    if (account && same) return account;
    // Taken before the wait: of guesses that are sent side by side each costs one.
    this.#limit.failed(address, given.name);
    const person = await this.#identify(given).catch((error: unknown) => {
      this.#limit.giveBack(address, given.name);
      throw error;
    });
    if (person) {
      this.#limit.giveBack(address, given.name);
      return { ...person, rights: "read" };
    }
    await this.#access?.refused({ user: given.name, address });
    throw new SqlException(
      516,
      "AUTHENTICATION_FAILED",
      `${given.name}: Authentication failed: password is incorrect, or there is no user with such name.`,
    );
  }

  async #identify({ name, password }: Credentials): Promise<SqlAccount | null> {
    return password === "" ? null : ((await this.#access?.identify(name, password)) ?? null);
  }
}
