// Style sheets that are loaded when they are needed.

const loaded = new Map();

// Resolves once the sheet is in force, so that nothing is seen without it.
export function loadStyle(path) {
  if (!loaded.has(path)) {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = path;
    loaded.set(path, new Promise((resolve) => {
      link.addEventListener("load", resolve);
      // Without its looks a dialog still works.
      link.addEventListener("error", resolve);
    }));
    document.head.append(link);
  }
  return loaded.get(path);
}
