export * from "./attributes.ts";
export {
  accountingResponse,
  type Refusal,
  verifyAccountingRequest,
  verifyAccountingResponse,
  verifyStatusServer,
} from "./authenticator.ts";
export * from "./encode.ts";
export {
  ACCOUNTING_REQUEST,
  ACCOUNTING_RESPONSE,
  copyMapped,
  decodePacket,
  type Malformation,
  Packet,
  readU32,
  STATUS_SERVER,
} from "./packet.ts";
export * from "./vendor.ts";
