import { debianPackages } from "@v6meter/debian";
import { findGoflow2 } from "./goflow2.ts";
import { nfacctd } from "./nfacctd.ts";
import { nfcapd } from "./nfcapd.ts";
import { findNodeNetflowV9 } from "./node-netflowv9.ts";
import type { Missing, Tool } from "./tool.ts";
import { V6METER } from "./v6meter.ts";

function findDebian(): (Tool | Missing)[] {
  const names = ["nfcapd", "nfacctd"];
  try {
    const debian = debianPackages(["nfdump", "pmacct"], { suite: `the benchmark of ${names.join(" and ")}` });
    if (debian) return [nfcapd(debian), nfacctd(debian)];
    return names.map((name) => ({ name, missing: "apt cannot fetch it" }));
  } catch (error) {
    const [line] = (error as Error).message.split("\n");
    return names.map((name) => ({ name, missing: line as string }));
  }
}

/** This platform and its peers, fetched or built where they are not here yet; who is not to be had says why. */
export async function findTools(options: { readonly goBuildMaxMs: number }): Promise<(Tool | Missing)[]> {
  return [V6METER, await findGoflow2({ buildMaxMs: options.goBuildMaxMs }), ...findDebian(), findNodeNetflowV9()];
}
