// Bundles each unit test for node --test: Node.js 20 cannot read TypeScript by itself.
import { globSync } from "tinyglobby";
import { defineConfig } from "vite";

const TESTS = "../../tests/clients/web";

export default defineConfig({
  ssr: { noExternal: true },
  build: {
    ssr: true,
    target: "node20",
    outDir: ".tests",
    emptyOutDir: true,
    rolldownOptions: {
      input: globSync(`${TESTS}/**/*.test.ts`),
      output: { entryFileNames: "[name].js" },
    },
  },
});
