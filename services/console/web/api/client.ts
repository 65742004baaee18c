import type { api } from "@v6meter/schemas";
import { key, signOut } from "../session/session.ts";

/** A question to the API: its address and its parameters; lists are repeated. */
export interface Question {
  readonly path: string;
  readonly parameters?: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** What the API answered instead of figures; `message` is its one sentence. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** The address of a question, as people can send it themselves. */
export function addressOf({ path, parameters = {} }: Question): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    const values: readonly string[] = value === undefined ? [] : typeof value === "string" ? [value] : value;
    for (const one of values) search.append(name, one);
  }
  return search.size > 0 ? `${path}?${search}` : path;
}

/** What is sent along with a question. */
export interface Sending {
  readonly method?: "POST" | "DELETE";
  /** Sent as JSON; a Blob as what it is. */
  readonly body?: object | Blob;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Sends a question with the key of the session; throws ApiProblem. A key that is refused ends the session. */
async function answered(question: Question, sending: Sending = {}): Promise<Response> {
  const { method, body, accept = "application/json", signal } = sending;
  const headers: Record<string, string> = { authorization: `Bearer ${key.value}`, accept };
  const isFile = body instanceof Blob;
  if (body) headers["content-type"] = isFile ? body.type : "application/json";
  let response: Response;
  try {
    response = await fetch(addressOf(question), {
      headers,
      ...(method && { method }),
      ...(body && { body: isFile ? body : JSON.stringify(body) }),
      ...(signal && { signal }),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiProblem(0, "UNREACHABLE", "");
  }
  if (response.ok) return response;
  const problem = (await response.json().catch(() => null)) as api.Problem | null;
  if (response.status === 401 && key.value !== null) signOut("expired");
  throw new ApiProblem(response.status, problem?.code ?? "UNREADABLE", problem?.detail ?? response.statusText);
}

/** Asks the API for figures. Throws ApiProblem. */
export async function ask<T>(question: Question, signal?: AbortSignal): Promise<T> {
  return (await answered(question, { signal })).json() as Promise<T>;
}

/** Sends something to be done, and returns what the API answers. Throws ApiProblem. */
export async function tell<T>(path: string, sending: Sending): Promise<T> {
  return (await answered({ path }, { method: "POST", ...sending })).json() as Promise<T>;
}

/** Fetches a file of the API. Throws ApiProblem. */
export async function fetchFile(question: Question, accept: string, signal?: AbortSignal): Promise<Blob> {
  return (await answered(question, { accept, signal })).blob();
}

const SQL = "application/sql";

/**
 * The statements behind an answer; null where it has none. Of figures that a snapshot keeps, those that compute them
 * anew, where the reader may ask for them. Throws ApiProblem.
 */
export async function askSql(question: Question, signal?: AbortSignal): Promise<string | null> {
  const response = await answered(question, { accept: SQL, signal });
  if (!response.headers.get("content-type")?.startsWith(SQL)) return null;
  const text = await response.text();
  if (!response.headers.has("v6meter-snapshot") || question.parameters?.snapshot !== undefined) return text;
  const live = { ...question, parameters: { ...question.parameters, snapshot: "live" } };
  const anew = await answered(live, { accept: SQL, signal }).catch(() => null);
  return anew === null ? text : `${text}\n${await anew.text()}`;
}
