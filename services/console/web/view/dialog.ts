import { onBeforeUnmount, onMounted, type Ref, ref } from "vue";

/** A dialog that is open while its component stands: the focus stays in it, and goes back to where it came from. */
export function useDialog(): Ref<HTMLDialogElement | undefined> {
  const dialog = ref<HTMLDialogElement>();
  onMounted(() => dialog.value?.showModal());
  // Taken out of the page while it is open, it would leave the focus nowhere.
  onBeforeUnmount(() => dialog.value?.close());
  return dialog;
}
