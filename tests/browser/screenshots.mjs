// Makes pictures of the page; see screenshots.sh.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { reduce } from "./pictures/png.mjs";
import { Scene } from "./pictures/scene.mjs";
import { views } from "./pictures/views.mjs";

const README_PICTURE = fileURLToPath(new URL("../../docs/page.png", import.meta.url));

const looks = [
  { name: "wide", viewport: { width: 1440, height: 900 } },
  { name: "narrow", viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
].flatMap((size) => ["light", "dark"].map((colorScheme) => ({ ...size, name: `${size.name}-${colorScheme}`, colorScheme })));

// Takes a picture of a view once all that it loads is there.
async function picture(browser, view, { name, settings = {}, ...look }) {
  const scene = await Scene.start(browser);
  const context = await browser.newContext({ reducedMotion: "reduce", ...look });
  try {
    await view.prepare?.(scene);
    await context.addInitScript((chosen) => localStorage.setItem("orchflow.settings", JSON.stringify(chosen)), settings);
    const page = await context.newPage();
    await scene.open(page, view);
    await view.show?.(page, scene);
    await page.evaluate(() => document.fonts.ready);
    await page.mouse.move(0, 0);
    return await page.screenshot();
  } catch (error) {
    throw new Error(`${view.name}, ${name}: ${error.message}`, { cause: error });
  } finally {
    await context.close();
    await scene.stop();
  }
}

async function pictureOfReadme(browser) {
  const look = {
    name: "README", viewport: { width: 1440, height: 900 }, deviceScaleFactor: 2, colorScheme: "dark", settings: { fontSize: 13 },
  };
  await writeFile(README_PICTURE, reduce(await picture(browser, views.find(({ name }) => name === "files"), look)));
}

async function allPictures(browser, folder) {
  await mkdir(folder, { recursive: true });
  const only = process.env.VIEWS?.split(",");
  for (const view of views.filter(({ name }) => only?.includes(name) ?? true)) {
    for (const look of looks) await writeFile(join(folder, `${view.name}-${look.name}.png`), await picture(browser, view, look));
  }
}

const [folder] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ignoreDefaultArgs: ["--hide-scrollbars"],
});
try {
  if (folder) await allPictures(browser, folder);
  else await pictureOfReadme(browser);
} finally {
  await browser.close();
}
