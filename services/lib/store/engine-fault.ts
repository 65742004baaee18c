import { Fault } from "@v6meter/schemas";

/** Errors of the engine that pass: the same statement may succeed later. */
export const PASSING_CODES: ReadonlySet<string> = new Set([
  "3", // UNEXPECTED_END_OF_FILE: a request that was cut
  "32", // ATTEMPT_TO_READ_AFTER_EOF
  "33", // CANNOT_READ_ALL_DATA
  "75", // CANNOT_WRITE_TO_FILE_DESCRIPTOR: a full disk
  "159", // TIMEOUT_EXCEEDED
  "173", // CANNOT_ALLOCATE_MEMORY
  "198", // DNS_ERROR: of another server of a cluster
  "202", // TOO_MANY_SIMULTANEOUS_QUERIES
  "209", // SOCKET_TIMEOUT
  "210", // NETWORK_ERROR
  "225", // NO_ZOOKEEPER
  "236", // ABORTED
  "241", // MEMORY_LIMIT_EXCEEDED
  "242", // TABLE_IS_READ_ONLY: a replica without its Keeper
  "243", // NOT_ENOUGH_SPACE
  "252", // TOO_MANY_PARTS
  "279", // ALL_CONNECTION_TRIES_FAILED
  "285", // TOO_FEW_LIVE_REPLICAS
  "286", // UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE
  "319", // UNKNOWN_STATUS_OF_INSERT
  "341", // UNFINISHED
  "394", // QUERY_WAS_CANCELLED
  "439", // CANNOT_SCHEDULE_TASK
  "473", // DEADLOCK_AVOIDED
  "745", // SERVER_OVERLOADED
  "999", // KEEPER_EXCEPTION
  "1000", // POCO_EXCEPTION: of its network
]);

const REASON_MAX_LENGTH = 500;

/** An error the engine itself answered, as the client shapes it. */
export interface EngineError extends Error {
  /** Number of the engine's catalogue, in digits. */
  readonly code: string;
  /** Its name there, such as READONLY. */
  readonly type?: string;
}

/** Told by its shape: the client and the embedded connection bring a class of it each. */
export function isEngineError(error: unknown): error is EngineError {
  return error instanceof Error && "code" in error && typeof error.code === "string" && /^\d+$/.test(error.code);
}

/** The engine's error in one short line: its type and its first sentence. */
export function engineReason(error: unknown): string {
  const { message } = error instanceof Error ? error : new Error(String(error));
  const line = message.replaceAll(/\s+/g, " ").trim().slice(0, REASON_MAX_LENGTH);
  return isEngineError(error) ? `${error.type ?? "ERROR"} (${error.code}): ${line}` : line;
}

/** Whether the engine answered at all, and its error is not one that passes. */
function refused(error: unknown): boolean {
  return isEngineError(error) && !PASSING_CODES.has(error.code);
}

/** STORE_REFUSED for an error that would come again, STORE_UNREACHABLE (retryable) for one that passes. */
export function engineFault(what: string, error: unknown): Fault {
  if (error instanceof Fault) return error;
  return new Fault(refused(error) ? "STORE_REFUSED" : "STORE_UNREACHABLE", `${what}: ${engineReason(error)}`, {
    cause: error,
  });
}
