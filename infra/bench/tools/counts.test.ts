import { expect, test } from "vitest";
import { Delimited, recordsOfGoflow2 } from "./goflow2.ts";
import { metricSum } from "./metrics.ts";
import { FlowsColumn, flowsOfMessage } from "./nfacctd.ts";
import { recordsOfNfcapd } from "./nfcapd.ts";
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
  expect(parseStat(line)).toEqual({ pid: 4711, parent: 17, ticks: 280, childrenTicks: 5 });
});

test("messages in goflow2's file are counted by their lengths, wherever a read ends", () => {
  // Lengths of 1, 300 (two octets) and 0.
  const file = Buffer.concat([Buffer.from([1, 0xff, 0xac, 0x02]), Buffer.alloc(300, 0x81), Buffer.from([0])]);
  for (const size of [1, 3, 7, file.length]) {
    const delimited = new Delimited();
    for (let at = 0; at < file.length; at += size) delimited.take(file.subarray(at, at + size));
    expect(delimited.messages).toBe(3);
  }
});

test("nfcapd's records are those of all files it has closed", () => {
  const output = `Process_v9: New exporter: SysID: 1, Domain: 0, IP: 127.1.0.0
Ident: 'none' Flows: 40014, Packets: 1134131, Bytes: 682420016, Sequence Errors: 0, Bad Packets: 0
Ident: 'none' Flows: 6, Packets: 8, Bytes: 500, Sequence Errors: 0, Bad Packets: 0
Terminating nfcapd.
`;
  expect(recordsOfNfcapd(output)).toBe(40_020);
  expect(recordsOfNfcapd("Terminating nfcapd.\n")).toBe(0);
});

test("nfacctd's records are the sum of its flows, of aggregates that hold several too", () => {
  const column = new FlowsColumn();
  for (const line of [
    "SRC_IP,PACKETS,FLOWS,BYTES",
    "192.0.2.1,7,1,900",
    "192.0.2.2,9,3,1900",
    "SRC_IP,PACKETS,FLOWS,BYTES",
    "192.0.2.3,1,2,40",
    "",
  ])
    column.take(line);
  expect(column.records).toBe(6);
  expect(flowsOfMessage(Buffer.from('{"flows": 2, "bytes": 9}\n{"flows": 1, "bytes": 4}\n'))).toBe(3);
});
