import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

import { offlinePage } from "./offline_page.ts";

const PAGES = ["sign-in", "console", "tablet", "dispatch", "cameras"];

export default defineConfig({
  plugins: [svelte(), offlinePage("tablet")],
  build: {
    target: ["chrome111", "firefox114", "safari17"],
    outDir: "dist",
    emptyOutDir: true,
    // The policy of our pages allows fonts and pictures from files only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: Object.fromEntries(PAGES.map((page) => [page, `${page}/index.html`])) },
  },
});
