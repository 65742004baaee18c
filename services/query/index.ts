export type { Faces, FacesOf, MeteringPlace } from "./routes/traffic-interconnect.ts";
export type { Networks } from "./routes/traffic-peers.ts";
export { createQueryService, type QueryService, type QueryServiceOptions } from "./service.ts";
export { standardQuestions } from "./snapshots/standard-questions.ts";
