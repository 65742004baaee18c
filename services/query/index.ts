export { createQueryService, type QueryService, type QueryServiceOptions } from "./service.ts";
