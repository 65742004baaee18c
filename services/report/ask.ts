import { FAULTS, Fault, type FaultCode } from "@v6meter/schemas";

/** Asks the API for what is at a path; the parsed JSON. Throws the Fault that was answered. */
export type Ask = (path: string) => Promise<unknown>;

const TIMEOUT_MS = 120_000;

/** The Fault of an answer that is none (RFC 9457). */
export function faultOf(path: string, status: number, body: string): Fault {
  let problem: { code?: string; detail?: string } = {};
  try {
    problem = JSON.parse(body);
  } catch {}
  const code = Object.hasOwn(FAULTS, problem.code ?? "") ? (problem.code as FaultCode) : "INTERNAL";
  return new Fault(code, problem.detail ?? `${path}: the API answered ${status}.`);
}

/** Asks a platform over HTTP, at an address without a slash at its end, with a key. */
export function askUrl(url: string, key: string): Ask {
  return async (path) => {
    let answer: Response;
    try {
      const headers = { authorization: `Bearer ${key}`, accept: "application/json" };
      answer = await fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (cause) {
      throw new Fault("CONFIG_INVALID", `--url: ${url} does not answer.`, { cause });
    }
    const body = await answer.text();
    if (!answer.ok) throw faultOf(path, answer.status, body);
    return JSON.parse(body);
  };
}
