import { createHmac, hash, timingSafeEqual } from "node:crypto";
import { ATTRIBUTES } from "./attributes.ts";
import {
  ACCOUNTING_REQUEST,
  ACCOUNTING_RESPONSE,
  AUTHENTICATOR_AT,
  AUTHENTICATOR_BYTES,
  HEADER_BYTES,
  PACKET_MAX_BYTES,
  type Packet,
  STATUS_SERVER,
} from "./packet.ts";

const SECRET_MAX_BYTES = 1_024;
const AUTHENTICATOR_END = AUTHENTICATOR_AT + AUTHENTICATOR_BYTES;
const ZEROS = new Uint8Array(AUTHENTICATOR_BYTES);
const { code: MESSAGE_AUTHENTICATOR } = ATTRIBUTES["Message-Authenticator"];
const { code: PROXY_STATE } = ATTRIBUTES["Proxy-State"];

/** One packet and a secret behind it at a time: nothing is allocated, and nobody waits between its steps. */
const scratch = Buffer.alloc(PACKET_MAX_BYTES + SECRET_MAX_BYTES);

/** MD5 of the first `length` octets of the scratch with the secret behind them. */
function digestWith(secret: Uint8Array, length: number): Buffer {
  scratch.set(secret, length);
  return hash("md5", scratch.subarray(0, length + secret.length), "buffer");
}

function hmac(secret: Uint8Array, bytes: Uint8Array): Buffer {
  return createHmac("md5", secret).update(bytes).digest();
}

/** Why a request is not one of who knows the secret; null where it is. */
export type Refusal = "authenticator" | "message_authenticator" | "code";

/**
 * RFC 2866 section 3: the authenticator of an Accounting-Request is the MD5 of the packet with zeros in its
 * place and the secret behind it. A Message-Authenticator, where there is one, is the HMAC-MD5 of the packet
 * with zeros in place of both (RFC 5176 section 2.3 says it of requests that are signed this way).
 */
export function verifyAccountingRequest(packet: Packet, secret: Uint8Array): Refusal | null {
  if (packet.code !== ACCOUNTING_REQUEST) return "code";
  const { bytes } = packet;
  scratch.set(bytes);
  scratch.set(ZEROS, AUTHENTICATOR_AT);
  const expected = digestWith(secret, bytes.length);
  if (!timingSafeEqual(expected, bytes.subarray(AUTHENTICATOR_AT, AUTHENTICATOR_END))) return "authenticator";
  const at = packet.offset(MESSAGE_AUTHENTICATOR);
  return at === 0 || verifyMessageAuthenticator(packet, at, secret) ? null : "message_authenticator";
}

/** Of the packet in the scratch, whose authenticator is what it is to be for this. */
function verifyMessageAuthenticator(packet: Packet, at: number, secret: Uint8Array): boolean {
  const { bytes } = packet;
  if (packet.lengthAt(at) !== AUTHENTICATOR_BYTES) return false;
  scratch.set(ZEROS, at);
  return timingSafeEqual(hmac(secret, scratch.subarray(0, bytes.length)), bytes.subarray(at, at + AUTHENTICATOR_BYTES));
}

/**
 * RFC 5997 section 3: a Status-Server bears a Message-Authenticator over the packet as it is, its authenticator
 * being random.
 */
export function verifyStatusServer(packet: Packet, secret: Uint8Array): Refusal | null {
  if (packet.code !== STATUS_SERVER) return "code";
  scratch.set(packet.bytes);
  const at = packet.offset(MESSAGE_AUTHENTICATOR);
  return at !== 0 && verifyMessageAuthenticator(packet, at, secret) ? null : "message_authenticator";
}

/**
 * The Accounting-Response to a request, or to a Status-Server of the accounting port. Each Proxy-State goes back as it came (RFC 2865 section 5.33). It bears no
 * Message-Authenticator, whatever the request does: no document says over what, and FreeRADIUS' client refuses
 * the one that RFC 3579 would make.
 */
export function accountingResponse(request: Packet, secret: Uint8Array): Buffer {
  const { bytes } = request;
  const authenticator = bytes.subarray(AUTHENTICATOR_AT, AUTHENTICATOR_END);
  let at = HEADER_BYTES;
  request.each(PROXY_STATE, (offset) => {
    const attribute = bytes.subarray(offset - 2, offset + request.lengthAt(offset));
    scratch.set(attribute, at);
    at += attribute.length;
  });
  scratch[0] = ACCOUNTING_RESPONSE;
  scratch[1] = request.identifier;
  scratch.set(authenticator, AUTHENTICATOR_AT);
  scratch.writeUInt16BE(at, 2);
  const response = digestWith(secret, at);
  scratch.set(response, AUTHENTICATOR_AT);
  return Buffer.from(scratch.subarray(0, at));
}

/** Signs an Accounting-Request in place: `messageAuthenticatorAt` is the offset of that value, 0 where none. */
export function signAccountingRequest(packet: Buffer, secret: Uint8Array, messageAuthenticatorAt: number): void {
  packet.set(ZEROS, AUTHENTICATOR_AT);
  if (messageAuthenticatorAt !== 0) {
    packet.set(ZEROS, messageAuthenticatorAt);
    packet.set(hmac(secret, packet), messageAuthenticatorAt);
  }
  scratch.set(packet);
  packet.set(digestWith(secret, packet.length), AUTHENTICATOR_AT);
}

/** A client's check of an answer: it fits the request that has this authenticator, and the secret. */
export function verifyAccountingResponse(
  response: Packet,
  requestAuthenticator: Uint8Array,
  secret: Uint8Array,
): boolean {
  if (response.code !== ACCOUNTING_RESPONSE) return false;
  const { bytes } = response;
  scratch.set(bytes);
  scratch.set(requestAuthenticator, AUTHENTICATOR_AT);
  return timingSafeEqual(digestWith(secret, bytes.length), bytes.subarray(AUTHENTICATOR_AT, AUTHENTICATOR_END));
}
