import { z } from "zod";
import { FAULTS, type FaultCode } from "../faults.ts";

/** One wrong parameter of a request. */
export const parameterProblem = z.object({
  parameter: z.string().describe("Name of the parameter or member"),
  found: z.string().nullable().describe("What was sent; null where it is missing"),
  allowed: z.string().describe("What is allowed there"),
});
export type ParameterProblem = z.infer<typeof parameterProblem>;

/** Every answer that is not a success: `application/problem+json` (RFC 9457). */
export const problem = z.object({
  type: z.string().describe("urn:v6meter:fault: and the code"),
  title: z.string().describe("What the code means; in Chinese where Accept-Language prefers zh"),
  status: z.int().describe("HTTP status"),
  code: z.enum(Object.keys(FAULTS) as [FaultCode, ...FaultCode[]]).describe("Code of the catalogue of faults"),
  detail: z.string().describe("One sentence on this occurrence"),
  errors: z.array(parameterProblem).optional().describe("The wrong parameters, of a 400"),
});
export type Problem = z.infer<typeof problem>;
