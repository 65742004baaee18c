/**
 * An Accounting-Request as radclient 3.2.1 of FreeRADIUS sends it (Debian freeradius-utils, its dictionaries), secret
 * `testing123`. It was told:
 *
 *   User-Name = "13800138000@ln", Acct-Status-Type = Interim-Update, Acct-Session-Id = "00000A7F",
 *   NAS-Identifier = "BRAS-SY-01", NAS-IP-Address = 192.0.2.1, Calling-Station-Id = "00-1A-2B-3C-4D-5E",
 *   Framed-IP-Address = 100.64.3.7, Framed-IPv6-Prefix = 240e:30c:12:3400::/64,
 *   Delegated-IPv6-Prefix = 240e:30c:5600::/60, Framed-IPv6-Address = 240e:30c:12:3400::7,
 *   Framed-Interface-Id = 0:0:0:7, Acct-Input-Octets = 4294967295, Acct-Output-Octets = 17,
 *   Acct-Input-Gigawords = 3, Acct-Output-Gigawords = 12, Acct-Session-Time = 86400, Acct-Delay-Time = 5,
 *   Event-Timestamp = "Nov 24 2026 12:00:00 UTC", NAS-Port-Type = Ethernet, Chargeable-User-Identity = 0x0102,
 *   NAS-IPv6-Address = 2001:db8::1, Class = 0xfeed, Proxy-State = 0x61, Proxy-State = 0x6262,
 *   Huawei-Acct-IPv6-Input-Octets = 4000000000, Huawei-Acct-IPv6-Output-Octets = 9,
 *   Huawei-Acct-IPv6-Input-Gigawords = 2, Huawei-Acct-IPv6-Output-Gigawords = 11,
 *   Huawei-NAT-Public-Address = 203.0.113.9, Huawei-NAT-Start-Port = 2048, Huawei-NAT-End-Port = 4095,
 *   IP-Port-Range-Ext-IPv4-Addr = 203.0.113.10, IP-Port-Range-Range-Start = 1024, IP-Port-Range-Range-End = 2047,
 *   Message-Authenticator = 0x00
 */
const HEX = [
  "0454016fe901ba4c6caa8fb322da720a7648518201103133383030313338303030406c6e2806000000032c0a3030303030413746200c42",
  "5241532d53592d30310406c00002011f1330302d31412d32422d33432d34442d354508066440030761140040240e030c00123400000000",
  "00000000007b14003c240e030c560000000000000000000000a812240e030c001234000000000000000007600a00000000000000072a06",
  "ffffffff2b060000001134060000000335060000000c2e060001518029060000000537066b057c403d060000000f590401025f1220010d",
  "b80000000000000000000000011904feed210361210462621a0c000007db9006ee6b28001a0c000007db9106000000091a0c000007db94",
  "06000000021a0c000007db95060000000b1a0c000007dba106cb0071091a0c000007dba206000008001a0c000007dba30600000ffff115",
  "060306cb00710a0906000004000a06000007ff50120012909f717d6d1f320defec9ce35b3d",
].join("");

/** A copy of the request's octets. */
export function radclientRequest(): Buffer {
  return Buffer.from(HEX, "hex");
}

/** The secret it is signed with. */
export const RADCLIENT_SECRET: Uint8Array = Buffer.from("testing123");
