import { Fault, type FaultCode } from "@v6meter/schemas";

/** An error of the engine's catalogue on its way to a client. */
export class SqlException extends Error {
  override readonly name = "SqlException";
  readonly code: number;
  readonly type: string;

  constructor(code: number, type: string, message: string) {
    super(message);
    this.code = code;
    this.type = type;
  }

  /** The line that every client of ClickHouse takes apart. */
  get line(): string {
    return `Code: ${this.code}. DB::Exception: ${this.message} (${this.type})\n`;
  }
}

const ENGINE_LINE = /^Code: (\d+)\. DB::(?:\w+Exception|Exception): ([\s\S]*?)(?: \(([A-Z0-9_]+)\))?\s*$/;

/** Faults of a request's identity as clients of ClickHouse know them. */
const FAULTS_AS: Partial<Record<FaultCode, readonly [code: number, type: string]>> = {
  TOO_MANY_REQUESTS: [201, "QUOTA_EXCEEDED"],
  IDENTITY_UNREACHABLE: [279, "ALL_CONNECTION_TRIES_FAILED"],
  AUDIT_UNWRITABLE: [243, "NOT_ENOUGH_SPACE"],
};

/** Shapes what the engine threw, or a fault. */
export function exceptionOf(error: unknown): SqlException {
  if (error instanceof SqlException) return error;
  const fault = error instanceof Fault ? FAULTS_AS[error.code] : undefined;
  if (fault) return new SqlException(...fault, (error as Fault).message);
  const text = error instanceof Error ? error.message : String(error);
  const [, code, message, type] = ENGINE_LINE.exec(text) ?? [];
  if (code && message) return new SqlException(Number(code), type ?? "UNKNOWN_EXCEPTION", message);
  return new SqlException(1002, "UNKNOWN_EXCEPTION", text.replaceAll(/\s+/g, " ").slice(0, 500));
}

/** Codes by the status ClickHouse answers them with; the others are 500. */
const CODES_OF_STATUS: Readonly<Record<number, readonly number[]>> = {
  400: [6, 26, 27, 33, 36, 38, 41, 43, 53, 62, 69, 70, 72, 117, 130, 131, 132, 456, 457],
  401: [194],
  403: [164, 192, 193, 452, 497, 516],
  404: [16, 46, 47, 50, 56, 60, 63, 73, 81, 115],
  408: [159],
  413: [161, 307],
  429: [201],
  501: [48],
  503: [202, 209, 210, 241, 243, 279, 439],
};
const STATUS_OF_CODE = new Map(
  Object.entries(CODES_OF_STATUS).flatMap(([status, codes]) => codes.map((code) => [code, Number(status)])),
);

export function statusOf(exception: SqlException): number {
  return STATUS_OF_CODE.get(exception.code) ?? 500;
}
