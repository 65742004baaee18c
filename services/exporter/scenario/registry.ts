import type { Scenario } from "@v6meter/schemas";
import { type Cell, CORE_IF_INDEX, createCells } from "./cells.ts";
import { type Prefix, prefixText, readPrefix } from "./prefix.ts";
import { routerCells } from "./router-cells.ts";

const NOTICE = `# Made of services/exporter/scenario/demo.yaml: change it there, then write this anew by
# node services/exporter/scenario/registry-main.ts infra/demo/registry
# Simulated: the exporters, the split of every prefix by city, every IPv4 prefix, tunnel endpoints.
`;

/** RFC 6598: addresses behind CGNAT, which no prefix table can place. */
const SHARED = readPrefix("100.64.0.0/10", "RFC 6598");

function isShared({ bytes, bits }: Prefix): boolean {
  return bits >= SHARED.bits && bytes[12] === 100 && ((bytes[13] as number) & 0xc0) === 64;
}

/**
 * The registry files with which the classifier can place a scenario's traffic, by file name. Where
 * subscribers hide behind CGNAT, the router's interfaces say where they are.
 */
export function registryFiles(scenario: Scenario): Record<string, string> {
  const cells = createCells(scenario, 0);
  return {
    "exporters.yaml": exportersYaml(scenario, cells),
    "prefixes.csv": prefixesCsv(cells),
    "transition.yaml": `${NOTICE}ds_lite: { aftr: ["${scenario.tunnels.aftr}"] }
srv6: { sids: ["${scenario.tunnels.srv6}"] }
nat64: { prefixes: ["${scenario.tunnels.nat64}"] }
`,
  };
}

function exportersYaml(scenario: Scenario, cells: readonly Cell[]): string {
  const seen = routerCells(scenario, cells);
  const exporters = scenario.routers.map((router, r) => {
    const lines = [
      `  - exporter: ${router.address}`,
      `    name: ${router.name}`,
      `    observation_point: ${router.observation_point}`,
    ];
    const shared = (seen[r] ?? []).map(({ cell }) => cell).filter(({ ipv4 }) => isShared(ipv4));
    if (shared.length > 0) {
      lines.push("    interfaces:", `      ${CORE_IF_INDEX}: { name: core, side: core }`);
      for (const { ifIndex, region, network } of shared)
        lines.push(
          `      ${ifIndex}: { name: ${region.en}, region: "${region.code}", operator: ${network.operator}, access: ${network.access}, side: subscriber }`,
        );
    }
    return lines.join("\n");
  });
  return `${NOTICE}exporters:\n${exporters.join("\n")}\n`;
}

function prefixesCsv(cells: readonly Cell[]): string {
  const rows = cells.flatMap(({ ipv6, ipv4, region, network }) => {
    const place = `${network.operator},${region.code},${network.access}`;
    return [
      `${prefixText(ipv6)},${place},${network.subscriber_prefix_length}`,
      ...(isShared(ipv4) ? [] : [`${prefixText(ipv4)},${place},`]),
    ];
  });
  return `prefix,operator,region,access,subscriber_prefix_length\n${NOTICE}${rows.join("\n")}\n`;
}
