/** A part of a process: inert until started, gone after it is stopped. */
export interface Component {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a part and leaves its stop to the stack, which stops its parts in reverse, each even when another fails. */
export async function startWith(stack: AsyncDisposableStack, component: Component): Promise<void> {
  await component.start();
  stack.defer(() => component.stop());
}
