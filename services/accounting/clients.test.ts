import { addressBytes, type Fault } from "@v6meter/schemas";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TestFolder } from "./accounting.test-data.ts";
import { type Client, loadClients } from "./clients.ts";
import { loadDictionary } from "./dictionary.ts";

let folder: TestFolder;
beforeEach(() => {
  folder = new TestFolder();
  folder.file("secret", "hush-hush\n");
  folder.file("other", "other one\r\n");
});
afterEach(() => folder.remove());

const load = (text: string) => loadClients(folder.file("clients.yaml", text), ["User-Name"]);
const names = (text: string, addresses: readonly string[]) => {
  const clients = load(text);
  return addresses.map((address) => clients.find(addressBytes(address) as Uint8Array)?.name ?? null);
};

function refusal(text: string): Fault {
  try {
    load(text);
  } catch (error) {
    return error as Fault;
  }
  throw new Error("was accepted");
}

test("the longest prefix that has an address is its client, whatever the order of the file", () => {
  const text = `clients:
  - { client: 10.0.0.0/8, name: eight, secret_file: secret }
  - { client: 10.1.2.3, name: one, secret_file: secret }
  - { client: 10.1.0.0/17, name: seventeen, secret_file: secret }
  - { client: "2001:db8::/33", name: six, secret_file: secret }
`;
  const addresses = [
    "10.1.2.3",
    "10.1.127.255",
    "10.1.128.0",
    "11.0.0.0",
    "2001:db8:7fff::1",
    "2001:db8:8000::1",
    "::a01:203",
  ];
  expect(names(text, addresses)).toEqual(["one", "seventeen", "eight", null, "six", null, null]);
});

test("a client has its secrets without line ends, and its own words where it has some", () => {
  const found = load(`clients:
  - client: 192.0.2.1
    secret_file: [secret, other]
    operator: telecom
    region: "210100"
    access: fixed
    access_by_nas_port_type: { "19": mobile }
    identity_attributes: [Class]
  - { client: 192.0.2.2, secret_file: secret }
`);
  const [first, second] = ["192.0.2.1", "192.0.2.2"].map(
    (text) => found.find(addressBytes(text) as Uint8Array) as Client,
  );
  expect(first?.secrets.map((secret) => Buffer.from(secret).toString())).toEqual(["hush-hush", "other one"]);
  expect(first).toMatchObject({
    operator: "telecom",
    region: "210100",
    access: "fixed",
    identityAttributes: ["Class"],
  });
  expect(first?.accessByNasPortType.get(19)).toBe("mobile");
  expect(second).toMatchObject({ operator: "unknown", access: "unknown", identityAttributes: ["User-Name"] });
});

test.each([
  {
    says: "an address that is none",
    row: "{ client: 10.0.0.256, secret_file: secret }",
    message: /clients\.yaml:2: client "10\.0\.0\.256" is not/,
  },
  {
    says: "bits behind the length",
    row: "{ client: 10.0.0.1/8, secret_file: secret }",
    message: /:2: client "10\.0\.0\.1\/8" is not/,
  },
  { says: "a length beyond the family's", row: "{ client: 10.0.0.0/33, secret_file: secret }", message: /:2: client/ },
  { says: "a client without a secret", row: "{ client: 10.0.0.1 }", message: /:2: .*secret_file/ },
  {
    says: "a secret that is not there",
    row: "{ client: 10.0.0.1, secret_file: none }",
    message: /none cannot be read/,
  },
  {
    says: "an empty secret",
    row: "{ client: 10.0.0.1, secret_file: empty }",
    message: /:2: empty holds 0 bytes; allowed are 1 to 256/,
  },
  {
    says: "a word that is unknown",
    row: "{ client: 10.0.0.1, secret_file: secret, acess: fixed }",
    message: /acess is unknown; allowed are client, name, /,
  },
  {
    says: "an access that is unknown",
    row: "{ client: 10.0.0.1, secret_file: secret, access: fibre }",
    message: /access/,
  },
  {
    says: "a client twice",
    row: "{ client: 10.0.0.1/32, secret_file: secret }\n  - { client: 10.0.0.1, secret_file: secret }",
    message: /:3: client 10\.0\.0\.1 is given twice/,
  },
])("$says is told by its line, without a secret", ({ row, message }) => {
  folder.file("empty", "\n");
  const fault = refusal(`clients:\n  - ${row}\n`);
  expect(fault.code).toBe("CONFIG_INVALID");
  expect(fault.message).toMatch(message);
  expect(fault.message).not.toContain("hush");
});

test("the built-in dictionary knows Huawei's attributes, and a file replaces a vendor as a whole", () => {
  const builtIn = loadDictionary(null);
  expect(builtIn.meaning(2011, 144)).toBe("ipv6_input_octets");
  expect(builtIn.meaning(2011, 163)).toBe("port_last");
  expect(builtIn.meaning(2011, 146)).toBeUndefined();
  const file = folder.file(
    "vendors.yaml",
    "vendors:\n  - { vendor: 2011, attributes: [{ type: 166, meaning: ipv6_input_octets }] }\n",
  );
  const replaced = loadDictionary(file);
  expect(replaced.meaning(2011, 166)).toBe("ipv6_input_octets");
  expect(replaced.meaning(2011, 144)).toBeUndefined();
  expect(replaced.meaning(25506, 144)).toBe("ipv6_input_octets");
});

test("an attribute of a dictionary that is given twice is told by its line", () => {
  const row = "{ type: 1, meaning: port_first }";
  const file = folder.file(
    "vendors.yaml",
    `vendors:\n  - vendor: 9\n    attributes:\n      - ${row}\n      - ${row}\n`,
  );
  expect(() => loadDictionary(file)).toThrow(/vendors\.yaml:5: 9 1 is given twice/);
});
