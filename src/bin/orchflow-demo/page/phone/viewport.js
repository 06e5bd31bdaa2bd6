// Keeps the page as high as what is visible of it: the keyboard of a phone covers the rest, and the row of keys and the
// cursor would be under it.

export function followViewport() {
  const viewport = globalThis.visualViewport;
  if (!viewport) return;
  const apply = () => {
    // Zoomed in, the page keeps its size and the user moves over it.
    if (viewport.scale > 1.01) return;
    document.documentElement.style.setProperty("--height", `${Math.round(viewport.height)}px`);
    document.documentElement.style.setProperty("--offset", `${Math.round(viewport.offsetTop)}px`);
  };
  viewport.addEventListener("resize", apply);
  viewport.addEventListener("scroll", apply);
  apply();
}
