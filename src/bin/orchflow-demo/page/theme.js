// Applies the stored theme before the first paint. A classic script, because modules run too late
// for that: the page would flash in the other theme.
{
  let stored = null;
  try {
    stored = JSON.parse(localStorage.getItem("orchflow.settings"));
  } catch {
    // Without storage, or with an unreadable entry, the system decides.
  }
  if (stored?.theme === "light" || stored?.theme === "dark") {
    document.documentElement.dataset.theme = stored.theme;
  }
}
