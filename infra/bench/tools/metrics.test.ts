import { expect, test } from "vitest";
import { recordsOfGoflow2 } from "./goflow2.ts";
import { metricSum } from "./metrics.ts";
import { parseStat } from "./process-tree.ts";

const PAGE = `# HELP goflow2_flow_process_nf_flowset_records_total NetFlows FlowSets sum of records.
# TYPE goflow2_flow_process_nf_flowset_records_total counter
goflow2_flow_process_nf_flowset_records_total{router="127.1.0.0",type="DataFlowSet",version="9"} 1.14e+05
goflow2_flow_process_nf_flowset_records_total{router="127.1.0.1",type="DataFlowSet",version="10"} 19
goflow2_flow_process_nf_flowset_records_total{router="127.1.0.1",type="OptionsDataFlowSet",version="10"} 7
goflow2_flow_process_nf_flowset_records_total{router="127.1.0.1",type="TemplateFlowSet",version="10"} 2
goflow2_flow_process_nf_flowset_total{router="127.1.0.2",type="DataFlowSet",version="5"} 30
goflow2_flow_process_nf_flowset_total{router="127.1.0.0",type="DataFlowSet",version="9"} 6000
`;

test("goflow2's flow records are those of data sets, and of v5 what it counts beside the sets", () => {
  expect(recordsOfGoflow2(PAGE)).toBe(114_000 + 19 + 30);
});

test("a metric whose name begins with another's is not counted as that one", () => {
  expect(metricSum('a_total 1\na_total_more 2\na_total{b="c"} 4\n', "a_total")).toBe(5);
});

test("times of a process are its own and its ended children's, whatever is in its name", () => {
  const line = "4711 (nfacctd: a (b) c) S 17 4711 4711 0 -1 4194304 100 0 0 0 250 30 4 1 20 0 3 0 100 1000 200 0";
  expect(parseStat(line)).toEqual({ pid: 4711, parent: 17, ticks: 285 });
});
