export { type IdentityKeys, openIdentityKeys } from "./identity-keys.ts";
export {
  type AccountingCounts,
  type AccountingOptions,
  type AccountingService,
  createAccountingService,
} from "./service.ts";
