import { defineConfig } from 'vite';

import { licenses } from './licenses.js';

const { collect, write } = licenses();

export default defineConfig({
  base: '/static/graphiql/',
  esbuild: { jsx: 'automatic' },
  // Where there is no process, graphql takes its slower development branch.
  define: { 'globalThis.process': 'true' },
  plugins: [write],
  worker: { format: 'es', plugins: () => [collect] },
  build: {
    outDir: '../static/graphiql',
    emptyOutDir: true,
    // The page is for an intranet: one large download of the editor is expected.
    chunkSizeWarningLimit: 4000,
    rollupOptions: {
      onwarn(warning, warn) {
        // 'use client' means nothing without server rendering.
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
      },
    },
  },
});
