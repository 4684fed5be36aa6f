import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { precompress } from "./precompress.ts";

const INGRESS = "http://127.0.0.1:8080";

/** Builds the console into console/dist, which the ingress serves. `vite console` serves it while it is written. */
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  plugins: [react(), precompress()],
  resolve: {
    alias: { "@grpc/grpc-js": fileURLToPath(new URL("src/api/no-grpc.ts", import.meta.url)) },
  },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2024",
    // A strict content security policy takes no data: URL, and no script within the page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // A build on a busy machine is no news.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  server: {
    proxy: { "^/(twinspan[.]|v1/|gateway/|healthz|readyz|sign-in|sign-out|who-am-i)": INGRESS },
  },
});
