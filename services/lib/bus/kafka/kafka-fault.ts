import { Fault } from "@v6meter/schemas";

/** Kafka's errors that say: the group goes on without this member's generation. */
const FENCED = new Set([
  "ILLEGAL_GENERATION",
  "UNKNOWN_MEMBER_ID",
  "REBALANCE_IN_PROGRESS",
  "FENCED_INSTANCE_ID",
  "MEMBER_ID_REQUIRED",
]);

const TOO_LARGE = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]);

interface KafkaError extends Error {
  readonly type?: string;
  readonly cause?: unknown;
}

/** The error a chain of kafkajs's wrappers began with. */
export function originOf(error: unknown): KafkaError {
  let at = error instanceof Error ? (error as KafkaError) : (new Error(String(error)) as KafkaError);
  while (at.cause instanceof Error) at = at.cause as KafkaError;
  return at;
}

/** Whether a commit was refused because the partition is, or may be, another member's. */
export function isFenced(error: unknown): boolean {
  return FENCED.has(originOf(error).type ?? "");
}

/** Errors that trying again does not mend: credentials and rights. */
function isRefused({ name, type = "", message }: KafkaError): boolean {
  return (
    name === "KafkaJSSASLAuthenticationError" || /AUTHORIZATION_FAILED$/.test(type) || /SASL|certificate/.test(message)
  );
}

/** What the brokers did not do, as a Fault: BUS_UNREACHABLE, or BUS_INVALID and BUS_MESSAGE_LARGE where it would fail again. */
export function kafkaFault(what: string, cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  const origin = originOf(cause);
  const reason = origin.message.replaceAll(/\s+/g, " ").trim();
  const tooLarge = TOO_LARGE.has(origin.type ?? "");
  const code = tooLarge ? "BUS_MESSAGE_LARGE" : isRefused(origin) ? "BUS_INVALID" : "BUS_UNREACHABLE";
  return new Fault(code, `${what}: ${reason}`, { cause });
}
