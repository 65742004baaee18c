/** Six octets in hex, alone or parted by the signs in use: 00-1A-2B-3C-4D-5E, 00:1a:2b:3c:4d:5e, 001a.2b3c.4d5e. */
const MAC = /^(?:[0-9a-f]{2}([-:.]?)(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|[0-9a-f]{4}([-.:])[0-9a-f]{4}\2[0-9a-f]{4})$/i;
const MSISDN = /^\+\d{5,15}$/;

/**
 * An identity as it is hashed, so that one subscriber told in two ways is one: without white space and NULs
 * around it; a MAC address as 12 small hex digits; a telephone number without its plus sign. All else is as it is
 * told: names are not folded, since case may tell two of them apart.
 */
export function normaliseIdentity(told: string): string {
  const text = told.replace(/^[\s\0]+|[\s\0]+$/g, "");
  if (MAC.test(text)) return text.replace(/[-:.]/g, "").toLowerCase();
  return MSISDN.test(text) ? text.slice(1) : text;
}
