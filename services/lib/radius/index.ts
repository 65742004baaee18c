export * from "./attributes.ts";
export {
  accountingResponse,
  type Refusal,
  verifyAccountingRequest,
  verifyAccountingResponse,
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
} from "./packet.ts";
export * from "./vendor.ts";
