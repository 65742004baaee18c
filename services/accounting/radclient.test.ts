import { afterEach, beforeEach, expect, test } from "vitest";
import { balances, booked, published, type Started, startService, TestFolder } from "./accounting.test-data.ts";
import { fetchedRadclient, type Radclient, radclient } from "./radclient.test-data.ts";

const client = fetchedRadclient();
let folder: TestFolder;
let started: Started;

const CLIENTS = `clients:
  - { client: 127.0.0.0/8, secret_file: secret, operator: telecom, region: "210100", access: fixed }
  - { client: "::1", secret_file: [new, secret], operator: mobile, region: "210200", access: mobile }
`;

beforeEach(async () => {
  folder = new TestFolder();
  folder.file("secret", "s3cret of the BRAS\n");
  folder.file("new", "the one that comes\n");
  started = await startService(folder, { clients_file: folder.file("clients.yaml", CLIENTS) });
});
afterEach(async () => {
  await started.service.stop();
  await started.bus.stop();
  folder.remove();
});

const SESSION = 'NAS-Identifier = "BRAS-SY-01", Acct-Session-Id = "00000A7F", User-Name = "13800138000@ln"';
const ADDRESSES =
  "Framed-IPv6-Prefix = 240e:30c:12:3400::/64, Delegated-IPv6-Prefix = 240e:30c:5600::/60, Framed-IP-Address = 100.64.3.7";

/** Where the sockets listen: IPv4 first. */
const port = (index = 0) => started.service.addresses[index]?.port as number;
const { radius } = { radius: () => started.service.counts().radius };

test.runIf(client)(
  "Start, Interim-Update and Stop of radclient are answered, and their events are what it was told",
  async () => {
    const at = (time: string) => `Event-Timestamp = "Nov 24 2026 ${time} UTC"`;
    const run = await radclient(client as Radclient, {
      port: port(),
      secret: "s3cret of the BRAS",
      requests: [
        `Acct-Status-Type = Start, ${SESSION}, ${ADDRESSES}, ${at("04:00:00")}`,
        `Acct-Status-Type = Interim-Update, ${SESSION}, ${ADDRESSES}, ${at("05:00:00")}, Acct-Session-Time = 3600, Acct-Input-Octets = 7, Acct-Input-Gigawords = 2, Acct-Output-Octets = 4294967295, Acct-Output-Gigawords = 9, Huawei-Acct-IPv6-Input-Octets = 5, Huawei-Acct-IPv6-Output-Octets = 6, Huawei-Acct-IPv6-Output-Gigawords = 1`,
        `Acct-Status-Type = Stop, ${SESSION}, ${ADDRESSES}, ${at("06:00:00")}, Acct-Session-Time = 7200, Acct-Terminate-Cause = User-Request`,
        "Acct-Status-Type = Accounting-On, NAS-IP-Address = 192.0.2.9",
      ],
    });
    expect(run.printed.match(/Received Accounting-Response/g)).toHaveLength(4);
    expect(run.code).toBe(0);
    const { events, ledger } = await published(started.bus, "test");
    const told = {
      operator: "telecom",
      region: "210100",
      access: "fixed",
      client: "127.0.0.1",
      framed_ip_address: "100.64.3.7",
      framed_ipv6_prefix: "240e:30c:12:3400::",
      framed_ipv6_prefix_length: 64,
      delegated_ipv6_prefix: "240e:30c:5600::",
      delegated_ipv6_prefix_length: 60,
      started_at: Date.parse("2026-11-24T04:00:00Z"),
      port_last: 0,
    };
    const bySort = events.toSorted((a, b) => (a.status_type as number) - (b.status_type as number));
    expect(bySort).toMatchObject([
      { ...told, status_type: 1, event_at: Date.parse("2026-11-24T04:00:00Z"), octets_told: 0 },
      { ...told, status_type: 2, event_at: Date.parse("2026-11-24T06:00:00Z") },
      {
        ...told,
        status_type: 3,
        event_at: Date.parse("2026-11-24T05:00:00Z"),
        octets_told: 3,
        input_octets: 2n * 2n ** 32n + 7n,
        output_octets: 10n * 2n ** 32n - 1n,
        ipv6_input_octets: 5n,
        ipv6_output_octets: 2n ** 32n + 6n,
      },
      { status_type: 7, session: 0n, subscriber: 0n, framed_ipv6_prefix: "::" },
    ]);
    const [first, second, third, on] = bySort;
    for (const other of [second, third])
      expect(other).toMatchObject({ session: first?.session, nas: first?.nas, subscriber: first?.subscriber });
    expect(on?.nas).not.toBe(first?.nas);
    expect(booked(ledger, "forwarded", { exporter: "127.0.0.1" })).toBe(4);
    expect(balances(ledger)).toBe(true);
  },
);

test.runIf(client)("a wrong secret is not answered, counted and booked", async () => {
  const run = await radclient(client as Radclient, {
    port: port(),
    secret: "s3cret of another",
    requests: [`Acct-Status-Type = Start, ${SESSION}`],
  });
  expect(run.code).not.toBe(0);
  expect(run.printed).toMatch(/No reply from server/);
  expect(radius()).toMatchObject({ packets: 2, accepted: 0, answered: 0, dropped: { authenticator_wrong: 2 } });
  await started.service.stop();
  const { events, ledger } = await published(started.bus, "test");
  expect(events).toEqual([]);
  expect(booked(ledger, "dropped", { reason: "authenticator_wrong", exporter: "127.0.0.1" })).toBe(2);
  expect(balances(ledger)).toBe(true);
});

test.runIf(client)(
  "over IPv6, either secret of a change is taken, and a request with a Message-Authenticator is verified",
  async () => {
    for (const secret of ["the one that comes", "s3cret of the BRAS"]) {
      const run = await radclient(client as Radclient, {
        port: port(1),
        host: "::1",
        secret,
        requests: [`Acct-Status-Type = Start, ${SESSION}, Proxy-State = 0x6161, Message-Authenticator = 0x00`],
      });
      expect(run.printed).toMatch(/Received Accounting-Response.*\n(\t.*\n)*\tProxy-State = 0x6161/);
      expect(run.code).toBe(0);
    }
    const { events } = await published(started.bus, "test");
    expect(events).toMatchObject([
      { client: "::1", operator: "mobile", region: "210200", access: "mobile" },
      { client: "::1", operator: "mobile" },
    ]);
  },
);

test.runIf(client)("a block of ports of RFC 8045 and one of a vendor stand with the shared address", async () => {
  const ports = [
    "IP-Port-Range-Ext-IPv4-Addr = 203.0.113.10, IP-Port-Range-Range-Start = 1024, IP-Port-Range-Range-End = 2047",
    "Huawei-NAT-Public-Address = 203.0.113.11, Huawei-NAT-Start-Port = 2048, Huawei-NAT-End-Port = 4095",
  ];
  const run = await radclient(client as Radclient, {
    port: port(),
    secret: "s3cret of the BRAS",
    requests: ports.map(
      (block, i) => `Acct-Status-Type = Start, ${SESSION}, Framed-IP-Address = 100.64.0.${i + 1}, ${block}`,
    ),
  });
  expect(run.code).toBe(0);
  const { events } = await published(started.bus, "test");
  expect(events.toSorted((a, b) => (a.port_first as number) - (b.port_first as number))).toMatchObject([
    { framed_ip_address: "203.0.113.10", port_first: 1_024, port_last: 2_047 },
    { framed_ip_address: "203.0.113.11", port_first: 2_048, port_last: 4_095 },
  ]);
});

test.runIf(client)("a Status-Server of who knows the secret is answered, and is in no books", async () => {
  const asks = (secret: string) =>
    radclient(client as Radclient, {
      port: port(),
      secret,
      requests: ["Message-Authenticator = 0x00"],
      command: "status",
    });
  const [known, unknown] = [await asks("s3cret of the BRAS"), await asks("another")];
  expect(known.printed).toMatch(/Received Accounting-Response/);
  expect(known.code).toBe(0);
  expect(unknown.code).not.toBe(0);
  expect(radius()).toMatchObject({ packets: 3, statusRequests: 1, dropped: { accounting_malformed: 2 } });
  await started.service.stop();
  const { ledger } = await published(started.bus, "test");
  expect(booked(ledger, "received")).toBe(2);
});
