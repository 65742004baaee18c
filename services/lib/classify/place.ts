import type { ExporterTable } from "./exporter-table.ts";
import type { Rows } from "./rows.ts";

/**
 * Fills observation_point: of the interface that metered the flow, of its other interface, of the
 * exporter, or unknown; and sampling_rate where the records do not tell it and the registry does.
 */
export function fillPlaces(rows: Rows, { exporters, interfaces }: ExporterTable): void {
  const { findings, observation_point, sampling_rate } = rows;
  for (let row = 0; row < rows.rows; row++) {
    const exporter = findings.exporter[row] as number;
    observation_point[row] =
      (interfaces.point[findings.meteredInterface[row] as number] as number) ||
      (interfaces.point[findings.inInterface[row] as number] as number) ||
      (interfaces.point[findings.outInterface[row] as number] as number) ||
      (exporters.point[exporter] as number);
    if (sampling_rate[row] === 0) sampling_rate[row] = exporters.samplingRate[exporter] as number;
  }
}
