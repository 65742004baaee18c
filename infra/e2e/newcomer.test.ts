import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { api } from "@v6meter/schemas";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FlowSender } from "./flow-sender.ts";
import { type Platform, settled, startPlatform } from "./platform.ts";

let folder: string;
let platform: Platform | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "v6meter-newcomer-"));
});
afterEach(async () => {
  if (platform?.process.exitCode === null) await platform.kill();
  rmSync(folder, { recursive: true, force: true });
});

const REGIONS = `regions:
  - { code: "211500", zh: 新市, en: Newcity, population: 100000, tile: [3, 4] }
`;
const PREFIXES = `prefix,operator,region,access,valid_from,valid_to,subscriber_prefix_length
240e:30c::/64,telecom,211500,fixed,,,
`;
const INDICATORS = `indicators:
  - { id: newcity_share, zh: 新市IPv6流量占比, en: Newcity, extends: traffic_share, where: { region: ["211500"] } }
  - id: https_share
    zh: HTTPS流量IPv6占比
    en: IPv6 share of port 443
    definition: { zh: 443端口的IPv6字节数除以总字节数, en: Bytes of IPv6 over all bytes of port 443 }
    source: a newcomer
    dimension: application
    unit: ratio
    class: flow
    exactness: exact
    good: higher
    owner: 新人
    kind: ratio
    by: [region]
    sql: |
      SELECT received_at AS bucket_at, region, if(family = 6, f.bytes, 0) AS six, f.bytes AS whole
      FROM flows AS f
      WHERE received_at >= toDateTime64({from_s:Int64}, 3, 'UTC') AND received_at < toDateTime64({to_s:Int64}, 3, 'UTC')
        AND (dst_port = 443 OR src_port = 443)
    numerator: six
    denominator: whole
`;
const OBJECTS = `objects:
  - { id: our_cloud, zh: 我们的云, en: Ours, kind: cloud, owner: 新人, enterprise: 新企业, match: [{ prefix: "2408:8000::/48" }] }
`;
const TARGETS = `targets:
  - { id: newcity_2030, zh: 新市90%, en: 90 %, indicator: newcity_share, scope: provincial, value: 0.9, by: 2030-12, source: a newcomer }
`;

test("an indicator, an object, a target and a fifteenth region are files, and the running program serves and reports them", async () => {
  const registry = join(folder, "registry");
  const catalogue = join(folder, "catalogue");
  for (const dir of [registry, catalogue]) mkdirSync(dir);
  writeFileSync(join(registry, "regions.yaml"), REGIONS);
  writeFileSync(join(registry, "prefixes.csv"), PREFIXES);
  platform = await startPlatform(folder, {
    args: ["--registry", registry],
    env: { V6METER_QUERY__CATALOGUE_DIR: catalogue },
  });
  const { get, udp } = platform;
  const sender = await FlowSender.open("127.9.2.1", udp);
  for (let i = 0; i < 20; i++) await sender.send();
  sender.close();
  await settled(platform, sender.datagrams);
  const sent = Array.from({ length: sender.records }, (_, i) => 100 + (i % 1000)).reduce((a, b) => a + b, 0);

  const share = await get<api.IndicatorFigures>("/api/v1/indicators/traffic_share?by=region");
  expect(share.rows.map(({ region, denominator }) => [region, denominator])).toEqual([["211500", String(sent)]]);

  await expect(get("/api/v1/indicators/newcity_share")).rejects.toThrow("404");
  writeFileSync(join(catalogue, "indicators.yaml"), INDICATORS);
  writeFileSync(join(catalogue, "objects.yaml"), OBJECTS);
  writeFileSync(join(catalogue, "targets.yaml"), TARGETS);
  writeFileSync(join(catalogue, "mistake.yaml"), "targets:\n  - { id: no_more, indicator: 3 }\n");

  for (const id of ["newcity_share", "https_share"]) {
    const { total } = await get<api.IndicatorFigures>(`/api/v1/indicators/${id}`);
    expect([total.numerator, total.denominator, total.value], id).toEqual([String(sent), String(sent), 1]);
  }
  const objects = await get<api.ObjectTrafficAnswer>("/api/v1/objects/traffic?enterprise=%E6%96%B0%E4%BC%81%E4%B8%9A");
  expect(objects.groups).toMatchObject([{ group: "our_cloud", v6_bytes: String(sent), share: 1, part: 1 }]);
  const { targets } = await get<api.Targets>("/api/v1/targets?indicator=newcity_share");
  expect(targets).toMatchObject([{ id: "newcity_2030", value: 0.9, current: null, reached: false }]);

  const { refused, indicators } = await get<api.Indicators>("/api/v1/indicators?dimension=application");
  expect(indicators.map(({ id }) => id)).toContain("https_share");
  expect(refused[0]).toMatchObject({ file: join(catalogue, "mistake.yaml"), line: 2 });
  expect(platform.output()).toContain("a file of the catalogue is not served");

  const month = new Date(Date.now() + api.ZONE_OFFSET_MS).toISOString().slice(0, 7);
  const report = JSON.stringify(await get(`/api/v1/reports/monthly/${month}.json?lang=zh`));
  for (const word of ["新市", "新市IPv6流量占比", "HTTPS流量IPv6占比", "我们的云", "新市90%"])
    expect(report).toContain(word);
});
