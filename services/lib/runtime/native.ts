import { createRequire } from "node:module";

type Ffi = typeof import("node:ffi");
type Definitions = Parameters<Ffi["dlopen"]>[1] & object;
type Functions<T extends Definitions> = ReturnType<typeof import("node:ffi").dlopen<T>>["functions"];

/** What native functions are called with. */
export interface Native<T extends Definitions> {
  readonly functions: Functions<T>;
  /** The address of memory, which must be kept from being collected for as long as that is used. */
  addressOf(memory: ArrayBufferView): bigint;
}

let told = false;

/** Node warns of an experiment, which nobody who runs this can act on: without it there is another way. */
function silenceWarning(): void {
  if (told) return;
  told = true;
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] === "ExperimentalWarning" && String(warning).startsWith("FFI ")) return;
    emitWarning(warning as string, ...(rest as []));
  }) as typeof process.emitWarning;
}

/**
 * Functions of what is linked into this process, the C library and Node's own libraries (node:ffi); null where
 * this Node or system has no such calls or not all of the functions. Only for 64-bit little-endian Linux, whose
 * layouts of structures the callers write: null elsewhere.
 */
export function nativeFunctions<const T extends Definitions>(definitions: T): Native<T> | null {
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch)) return null;
  try {
    silenceWarning();
    const { dlopen, getRawPointer } = createRequire(import.meta.url)("node:ffi") as Ffi;
    const { functions } = dlopen(null, definitions);
    return { functions, addressOf: (memory) => getRawPointer(memory as NodeJS.ArrayBufferView) };
  } catch {
    return null;
  }
}
