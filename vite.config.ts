import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import tailwindcss from "@tailwindcss/vite";
import { defineConfig, type Plugin } from "vite";

const lucide = dirname(createRequire(import.meta.url).resolve("lucide-static/package.json"));

/** One sprite of the icons named in static/pages/icons.json; its address is written beside the manifest. */
function iconSprite(list: string): Plugin {
  return {
    name: "icon-sprite",
    generateBundle() {
      const names = JSON.parse(readFileSync(list, "utf-8")) as string[];
      const symbols = names.map((name) => {
        const svg = readFileSync(resolve(lucide, "icons", `${name}.svg`), "utf-8");
        const body = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
        return `<symbol id="${name}" viewBox="0 0 24 24">${body.replace(/\s+/g, " ").trim()}</symbol>`;
      });
      const source = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
      const hash = createHash("sha256").update(source).digest("hex").slice(0, 8);
      const fileName = `assets/icons-${hash}.svg`;
      this.emitFile({ type: "asset", fileName, source });
      this.emitFile({ type: "asset", fileName: "sprite.json", source: JSON.stringify({ file: fileName }) });
    },
  };
}

export default defineConfig({
  base: "/static/",
  publicDir: false,
  plugins: [tailwindcss(), iconSprite("static/pages/icons.json")],
  build: {
    outDir: "static/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    target: "es2022",
    rollupOptions: {
      // htmx can evaluate expressions; its switch for that is off, and so is the page's policy.
      checks: { eval: false },
      input: {
        app: "static/pages/app.ts",
        editor: "static/pages/editor.ts",
        chat: "static/pages/chat.ts",
        media: "static/pages/media.ts",
      },
    },
  },
});
