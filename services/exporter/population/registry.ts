import type { PopulationScenario } from "@v6meter/schemas";
import { CORE_IF_INDEX } from "../scenario/cells.ts";
import { prefixText } from "../scenario/prefix.ts";
import { createPopulationCells, type PopulationCell } from "./cells.ts";

const NOTICE = `# Made of a simulated province of subscribers: the exporters, the split of every prefix by city, every IPv4
# prefix, tunnel endpoints.
`;

/**
 * The registry files with which the classifier can place a province's traffic, by file name. Private IPv4
 * addresses repeat from region to region: where they are metered, the router's interfaces say where they are.
 */
export function populationRegistry(scenario: PopulationScenario): Record<string, string> {
  const cells = createPopulationCells(scenario, { seed: 0, subscribers: 1, aaa: "all" });
  return {
    "exporters.yaml": exportersYaml(scenario, cells),
    "prefixes.csv": prefixesCsv(cells),
    "transition.yaml": `${NOTICE}ds_lite: { aftr: ["${scenario.tunnels.aftr}"] }
srv6: { sids: ["${scenario.tunnels.srv6}"] }
nat64: { prefixes: ["${scenario.tunnels.nat64}"] }
`,
  };
}

function exportersYaml(scenario: PopulationScenario, cells: readonly PopulationCell[]): string {
  const exporters = scenario.routers.map((router, r) => {
    const lines = [
      `  - exporter: ${router.address}`,
      `    name: ${router.name}`,
      `    observation_point: ${router.observation_point}`,
    ];
    const seen = cells.filter(({ behind }) => behind.some((part) => part.router === r));
    if (seen.length > 0) lines.push("    interfaces:", `      ${CORE_IF_INDEX}: { name: core, side: core }`);
    for (const { ifIndex, region, network } of seen)
      lines.push(
        `      ${ifIndex}: { name: ${region.en}, region: "${region.code}", operator: ${network.operator}, access: ${network.access}, side: subscriber }`,
      );
    return lines.join("\n");
  });
  return `${NOTICE}exporters:\n${exporters.join("\n")}\n`;
}

function prefixesCsv(cells: readonly PopulationCell[]): string {
  const rows = cells.flatMap(({ delegated, wan, ipv4Own, ipv4Shared, region, network }) => {
    const place = `${network.operator},${region.code},${network.access}`;
    return [
      `${prefixText(delegated)},${place},${network.prefix_length},`,
      ...(wan ? [`${prefixText(wan)},${place},64,wan`] : []),
      `${prefixText(ipv4Own)},${place},,`,
      `${prefixText(ipv4Shared)},${place},,`,
    ];
  });
  return `prefix,operator,region,access,subscriber_prefix_length,subscriber_pool\n${NOTICE}${rows.join("\n")}\n`;
}

/**
 * The file of RADIUS clients (sessions.clients_file) with which a session collector knows the province's NAS: an
 * address each, as the live province sends from on loopback. All share the secret in `secretFile`.
 */
export function populationClients(scenario: PopulationScenario, secretFile: string): string {
  const cells = createPopulationCells(scenario, { seed: 0, subscribers: 1, aaa: "all" });
  const clients = cells.map(
    ({ client, nas, network, region }) =>
      `  - { client: ${client}, name: ${nas}, secret_file: ${JSON.stringify(secretFile)}, operator: ${network.operator}, region: "${region.code}", access: ${network.access} }`,
  );
  return `${NOTICE}clients:\n${clients.join("\n")}\n`;
}
