import { readFileSync } from "node:fs";

import type { Plugin, Rolldown } from "vite";

const WORKER = ["tablet/offline.js", "tablet/bell.js"];

/**
 * Writes `sw.js`, the worker that lets one page open without a link, and that rings. Its list of files is what the page
 * needs and nothing else: the other pages are for desks, which have a link or nothing to show.
 */
export function offlinePage(page: string): Plugin {
  return {
    name: "sightline-offline-page",
    enforce: "post",
    apply: (config) => !config.build?.ssr,
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const files = new Set<string>();
        const walk = (name: string): void => {
          const item = bundle[name];
          if (files.has(name) || item === undefined) return;
          files.add(name);
          if (item.type === "chunk") needs(item).forEach(walk);
        };
        for (const item of Object.values(bundle)) {
          if (item.type === "chunk" && item.facadeModuleId?.endsWith(`/${page}/index.html`)) walk(item.fileName);
        }
        for (const name of Object.keys(bundle)) {
          if (name.endsWith(".woff2") || name.endsWith(".svg")) files.add(name);
        }
        const list = [...files].sort().map((name) => `/${name}`);
        this.emitFile({
          type: "asset",
          fileName: "sw.js",
          source: WORKER.map((part) => readFileSync(part, "utf-8"))
            .join("\n")
            .replace("__PAGE__", `/${page}`)
            .replace('"__FILES__"', JSON.stringify(list)),
        });
      },
    },
  };
}

function needs(chunk: Rolldown.OutputChunk): string[] {
  const styles = (chunk as { viteMetadata?: { importedCss?: Set<string> } }).viteMetadata?.importedCss ?? [];
  return [...chunk.imports, ...chunk.dynamicImports, ...styles];
}
