import { z } from "zod";

/** Terms of all scenarios. */

export const share = z.number().min(0).max(1);
export const weight = z.number().positive();
export const asNumber = z.int().min(1).max(4_294_967_295);
export const v4Prefix = z
  .string()
  .regex(/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/, "must be an IPv4 prefix such as 59.44.0.0/14");
export const v6Prefix = z
  .string()
  .regex(/^[0-9a-f:]+\/\d{1,3}$/, "must be an IPv6 prefix in lower case such as 240e:30c::/30");
