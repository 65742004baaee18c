/** A part of a process: inert until started, gone after it is stopped. */
export interface Component {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the parts in order; when one fails, those that run are stopped in reverse before the error is
 * thrown. The result stops all parts in reverse order, each even when another one failed, and throws
 * what went wrong as an AggregateError. Stopping twice is one stop.
 */
export async function startAll(components: readonly Component[]): Promise<() => Promise<void>> {
  const started: Component[] = [];
  let stopping: Promise<void> | null = null;
  const stop = async () => {
    const failures: unknown[] = [];
    for (const component of started.reverse()) {
      await component.stop().catch((error: unknown) => {
        failures.push(new Error(`${component.name} did not stop cleanly`, { cause: error }));
      });
    }
    if (failures.length > 0) throw new AggregateError(failures, "not every part stopped cleanly");
  };
  try {
    for (const component of components) {
      await component.start();
      started.push(component);
    }
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
  return () => {
    stopping ??= stop();
    return stopping;
  };
}
