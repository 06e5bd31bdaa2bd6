// The views of the page: what is there before the page opens (`prepare`), and what is done in it (`show`).

import { deflateSync } from "node:zlib";
import { encode } from "./png.mjs";

const row = (...children) => ({ split: "row", sizes: children.map(() => 1), children });
const column = (...children) => ({ split: "column", sizes: children.map(() => 1), children });

async function work(scene) {
  await scene.addSession({
    id: "work", name: "orchflow", order: -3, layout: { ...row("editor", column("tests", "log")), sizes: [1, 1] },
    panes: [{ id: "editor" }, { id: "tests", title: "tests" }, { id: "log" }],
  });
  await scene.addSession({ id: "notes", name: "notes", order: -2, panes: [{ id: "notes-shell" }] });
}

async function workRuns(page, scene) {
  await page.locator(".term-row").first().waitFor();
  await scene.type("tests", "node --test tests/browser/unit/{links,text,rows,cells,colors}.test.mjs\n");
  await scene.type("log", "git recent\n");
  await scene.shows("tests", "duration_ms [^]*\\$");
  await scene.shows("log", "\\*[^]*\\$");
  await scene.type("editor", "vim +40 src/terminal/input.rs\n");
  await scene.shows("editor", "fn [^]*");
  await page.locator(".term-row", { hasText: "fn " }).first().waitFor();
  for (const [pane, program] of [["editor", "vim"], ["tests", "bash"], ["log", "bash"]]) await scene.runs(pane, program);
}

const press = (key) => async (page) => page.keyboard.press(key);

async function fileSession(scene, path, line) {
  await scene.addSession({ id: "file", name: "orchflow", order: -3, panes: [{ id: "viewer", file: scene.path(path), line }] });
}

// A picture of circles, as an example of an image.
function image() {
  const [width, height] = [480, 320];
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const wave = Math.hypot(x - 240, y - 160) / 9;
      pixels.set([60 + 50 * Math.sin(wave), 150 + (x / width) * 60, 140 + (y / height) * 80], (y * width + x) * 3);
    }
  }
  return encode({ width, height, channels: 3, pixels });
}

const over = (base) => ({ session: "work", prepare: work, ...base, show: async (page, scene) => {
  await workRuns(page, scene);
  await base.show(page, scene);
} });

export const views = [
  over({ name: "terminal", show: async () => {} }),
  over({ name: "palette", show: async (page) => {
    await page.keyboard.press("F1");
    await page.getByRole("combobox").fill("split");
  } }),
  over({ name: "files", show: async (page) => {
    await page.keyboard.press("Alt+Shift+F");
    await page.getByRole("treeitem").first().waitFor();
    await page.getByRole("treeitem", { name: "src" }).first().click();
    await page.getByRole("treeitem", { name: "terminal" }).first().waitFor();
    if (page.viewportSize().width > 640) await page.locator(".pane .term-scroll >> nth=0").click();
  } }),
  over({ name: "changes", show: async (page, scene) => {
    await page.keyboard.press("Alt+Shift+C");
    await page.locator(".sidebar").getByText("Changed").first().waitFor();
    await scene.write("docs/notes.md", "# Notes\n");
    await scene.write("src/lib.rs", "//! Changed.\n");
    await scene.write("README.md", "# OrchFlow\n");
    await page.locator(".sidebar").getByText("notes.md").waitFor();
    await page.locator(".sidebar").getByText("README.md").first().waitFor();
  } }),
  { name: "viewer-text", session: "file", prepare: (scene) => fileSession(scene, "src/lib.rs", 60), show: async (page) => {
    await page.locator(".file-body").getByText("pub ").first().waitFor();
  } },
  { name: "viewer-find", session: "file", prepare: (scene) => fileSession(scene, "src/lib.rs"), show: async (page) => {
    await page.getByRole("button", { name: "Find" }).click();
    await page.keyboard.type("terminal");
    await page.locator(".file-find-count", { hasText: "of" }).waitFor();
  } },
  { name: "viewer-image", session: "file", prepare: async (scene) => {
    await scene.write("waves.png", image());
    await fileSession(scene, "waves.png");
  }, show: (page) => page.locator(".file-body img").waitFor() },
  { name: "viewer-hex", session: "file", prepare: async (scene) => {
    await scene.write("packed.bin", deflateSync(Buffer.from(Array.from({ length: 4000 }, (_, index) => (index * index) % 251))));
    await fileSession(scene, "packed.bin");
  }, show: (page) => page.locator(".file-body").getByText("00000010").waitFor() },
  over({ name: "figures", show: async (page, scene) => {
    await page.keyboard.press("Alt+Shift+G");
    await page.locator(".figures").waitFor();
    await scene.type("log", "for i in {1..40}; do seq 100; sleep 0.3; done\n");
    await page.waitForTimeout(6000);
  } }),
  over({ name: "notifications", show: async (page, scene) => {
    await scene.type("log", "printf '\\e]9;The build has finished\\a'; printf '\\a'\n");
    await scene.type("notes-shell", "printf '\\e]777;notify;Backup;All 214 files were copied\\a'\n");
    await page.locator(".has-unread").waitFor();
    await page.keyboard.press("Alt+Shift+B");
    await page.locator(".sidebar .list-row, .sidebar .notification").first().waitFor();
  } }),
  over({ name: "terminals", show: async (page) => {
    await page.keyboard.press("Alt+Shift+I");
    await page.locator(".sidebar .list-row").first().waitFor();
  } }),
  ...[["settings", "O"], ["help", "H"], ["new-terminal", "T"]].map(([name, key]) => over({ name, show: async (page) => {
    await page.keyboard.press(`Alt+Shift+${key}`);
    await page.locator("dialog[open]").waitFor();
  } })),
  over({ name: "find", show: async (page, scene) => {
    await scene.type("log", "");
    if (page.viewportSize().width > 640) await page.locator(".pane .term-scroll").last().click();
    await page.keyboard.press("Control+Shift+F");
    await page.locator(".term-find:not([hidden]) input").waitFor();
    await page.keyboard.type(page.viewportSize().width > 640 ? "page" : "pub");
    await page.locator(".term-match").first().waitFor();
  } }),
  over({ name: "undo", show: async (page) => {
    await page.keyboard.press("Alt+Shift+ArrowRight");
    await press("Alt+Shift+W")(page);
    await page.locator(".toast, dialog[open]").first().waitFor();
  } }),
  { name: "token", hasToken: false, show: (page) => page.locator("dialog[open]").waitFor() },
  over({ name: "banner", show: async (page, scene) => {
    await scene.kill("SIGKILL");
    await page.locator(".banner.is-shown").waitFor();
  } }),
  { name: "empty", session: "bare", prepare: (scene) => scene.addSession({ id: "bare", name: "bare", order: -1, panes: [] }),
    show: (page) => page.getByText("Start a terminal").waitFor() },
  { name: "ended", session: "work", prepare: work, show: async (page, scene) => {
    await page.locator(".term-row").first().waitFor();
    if (page.viewportSize().width > 640) await scene.type("log", "git status --short; exit\n");
    await scene.type("editor", "make nothing; exit 3\n");
    await page.getByText("Start again").first().waitFor();
  } },
];
