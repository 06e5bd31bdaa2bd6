// The modules of the page that need no document.

const page = new URL("../../../src/bin/orchflow-demo/page/", import.meta.url);

export const load = (path) => import(new URL(path, page));

export const run = (text, more = {}) => ({
  text, cols: text.length, wide: false, fg: "default", bg: "default", attributes: 0, underline: 0,
  underline_color: "default", link: null, ...more,
});

export const row = (...texts) => ({ wrapped: false, runs: texts.map((text) => typeof text === "string" ? run(text) : text) });

export const wrapped = (...texts) => ({ ...row(...texts), wrapped: true });
