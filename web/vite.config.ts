import { defineConfig } from 'vite';

// The server sees the page's own Host, which it compares with the page's Origin.
const server = { target: 'http://127.0.0.1:8080', changeOrigin: false };

/** `npm run dev` serves the sources and passes everything else to a lossboard server. */
export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700, // kB; three.js is one chunk, fetched with the first scene
    rolldownOptions: { input: ['index.html', 'explore.html'] },
  },
  worker: { format: 'es' },
  server: {
    host: '127.0.0.1',
    port: 5173,
    strictPort: true,
    proxy: { '/api': server, '/vendor': server, '/explore.html': server },
  },
});
