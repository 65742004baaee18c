import { addressBytes } from "@v6meter/schemas";
import { createFlow, type ExportedFlow } from "./flow.ts";

/** What tests write of a flow; the rest is that of an ordinary one. */
export type TestFlow = {
  readonly src: string;
  readonly dst: string;
  readonly outerSrc?: string;
  readonly outerDst?: string;
} & Partial<Omit<ExportedFlow, "srcAddr" | "dstAddr" | "nextHop" | "outerSrcAddr" | "outerDstAddr" | "ipVersion">>;

/** A flow of the texts and numbers. */
export function flowOf({ src, dst, outerSrc, outerDst, ...rest }: TestFlow): ExportedFlow {
  const flow = createFlow();
  Object.assign(flow, { srcPort: 40_000, dstPort: 443, protocol: 6, startAgeMs: 1_500, endAgeMs: 250 }, rest);
  flow.ipVersion = src.includes(":") ? 6 : 4;
  const put = (into: Uint8Array, text: string | undefined) => {
    if (text !== undefined) into.set(addressBytes(text) as Uint8Array);
  };
  put(flow.srcAddr, src);
  put(flow.dstAddr, dst);
  put(flow.outerSrcAddr, outerSrc);
  put(flow.outerDstAddr, outerDst);
  return flow;
}
