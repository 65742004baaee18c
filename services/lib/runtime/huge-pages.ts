import { type Native, nativeFunctions } from "./native.ts";

// sys/mman.h.
const MADVISE = { madvise: { arguments: ["u64", "u64", "i32"], return: "i32" } } as const;
const MADV_HUGEPAGE = 14;
/** Transparent huge pages of x86-64, and of arm64 with pages of 4 KiB. */
const HUGE_PAGE_BYTES = 2_097_152;

let native: Native<typeof MADVISE> | null | undefined;

/**
 * Asks the kernel to back memory that is read at random by huge pages (madvise(2)), so that an access needs no walk
 * through tables of pages that are in no cache. Whole huge pages within `memory` alone; gives whether the kernel took
 * the advice, which changes no content. Where it cannot be asked, pages stay as they are.
 */
export function adviseHugePages(memory: ArrayBufferView): boolean {
  if (native === undefined) native = nativeFunctions(MADVISE);
  if (native === null) return false;
  const begin = Number(native.addressOf(memory));
  const first = Math.ceil(begin / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES;
  const bytes = Math.floor((begin + memory.byteLength - first) / HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES;
  return bytes > 0 && native.functions.madvise(BigInt(first), BigInt(bytes), MADV_HUGEPAGE) === 0;
}
