export { type DecodedFlows, decodeFlows } from "./decode.ts";
export { type EncodeOptions, encodeFlows, encodeFlowsStream } from "./encode.ts";
export { countByClient, countByExporter } from "./exporters.ts";
export { encodeExporters, encodeLedger } from "./ledger-tables.ts";
export {
  type DecodedSessions,
  decodeSessions,
  encodeSessions,
  encodeSessionsStream,
} from "./session-stream.ts";
export { encodeSubmissions } from "./submission-table.ts";
export { encodeTable, type TableColumn, type TableColumns, type TableValues } from "./table.ts";
export { clearFlowBatch } from "./used-bytes.ts";
