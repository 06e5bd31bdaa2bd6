// Whether something can be seen, so that views that nobody sees do no work.

/** Calls `changed(visible)` when an element comes into view or leaves it, also with the page. Returns the end. */
export function watchVisibility(node, changed) {
  let inView = false;
  let visible = false;
  const check = () => {
    const now = inView && document.visibilityState === "visible";
    if (now === visible) return;
    visible = now;
    changed(visible);
  };
  const observer = new IntersectionObserver((entries) => {
    inView = entries.at(-1).isIntersecting;
    check();
  });
  observer.observe(node);
  document.addEventListener("visibilitychange", check);
  return () => {
    observer.disconnect();
    document.removeEventListener("visibilitychange", check);
  };
}
