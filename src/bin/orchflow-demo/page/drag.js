// Following a pointer from a press to its release. A release that the page does not see, as outside of a window that
// has lost the pointer or before what follows it was loaded, shows in the next movement.

// `move(event)` for each movement; `end(isDropped, event)` once, and nothing after it. Returns a function that ends it
// without a drop.
export function followPointer({ pointerId }, { move, end }) {
  const controller = new AbortController();
  const { signal } = controller;
  const finish = (isDropped, event) => {
    if (signal.aborted) return;
    controller.abort();
    end(isDropped, event);
  };
  const on = (name, act) => addEventListener(name, (event) => event.pointerId === pointerId && act(event), { signal });
  on("pointermove", (event) => (event.buttons === 0 ? finish(false, event) : move(event)));
  on("pointerup", (event) => finish(true, event));
  on("pointercancel", (event) => finish(false, event));
  return () => finish(false, null);
}
