import { defineConfig, type Plugin, type Rolldown } from 'vite';

// The server sees the page's own Host, which it compares with the page's Origin.
const server = { target: 'http://127.0.0.1:8080', changeOrigin: false };

const source = (path: string) => decodeURIComponent(new URL(path, import.meta.url).pathname);
const FIRST = source('./src/main.tsx');
const WORKSPACE = source('./src/pages/WorkspacePage.tsx');
const EXPLORE = source('./src/explore.ts');

const reached = new Map<string, Set<string>>();

/** The modules that one loads before it runs. */
function loadedBy(root: string, modules: Rolldown.ChunkingContext): Set<string> {
  const known = reached.get(root);
  if (known) return known;
  const found = new Set([root]);
  for (const id of found)
    for (const next of modules.getModuleInfo(id)?.importedIds ?? []) found.add(next);
  reached.set(root, found);
  return found;
}

/**
 * Two files instead of thirty for a first chart: what every page needs and what a workspace adds.
 * Each request costs a few milliseconds of server and browser, and imports are found one by one.
 */
function chunkOf(id: string, modules: Rolldown.ChunkingContext): string | null {
  if (id === FIRST || loadedBy(EXPLORE, modules).has(id)) return null;
  if (loadedBy(FIRST, modules).has(id)) return 'common';
  return loadedBy(WORKSPACE, modules).has(id) ? 'workspace' : null;
}

/** Most first pages are a workspace: its files are fetched beside the first ones, not after them. */
const preloadWorkspace: Plugin = {
  name: 'preload-workspace',
  transformIndexHtml: {
    order: 'post',
    handler(html, { filename, bundle }) {
      const workspace = Object.values(bundle ?? {}).find(({ name }) => name === 'workspace');
      if (!filename.endsWith('index.html') || workspace?.type !== 'chunk') return [];
      const css = [...(workspace.viteMetadata?.importedCss ?? [])];
      const scripts = [workspace.fileName, ...workspace.imports].filter(
        (file) => !html.includes(file),
      );
      return [...css, ...scripts].map((file) => ({
        tag: 'link',
        injectTo: 'head',
        attrs: file.endsWith('.css')
          ? { rel: 'preload', as: 'style', crossorigin: true, href: `/${file}` }
          : { rel: 'modulepreload', crossorigin: true, href: `/${file}` },
      }));
    },
  },
};

/** `npm run dev` serves the sources and passes everything else to a lossboard server. */
export default defineConfig({
  plugins: [preloadWorkspace],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700, // kB; three.js is one chunk, fetched with the first scene
    rolldownOptions: {
      input: ['index.html', 'explore.html'],
      output: {
        codeSplitting: {
          groups: [{ name: chunkOf, debugName: 'first', includeDependenciesRecursively: false }],
        },
      },
    },
  },
  worker: { format: 'es' },
  server: {
    host: '127.0.0.1',
    port: 5173,
    strictPort: true,
    proxy: { '/api': server, '/explore.html': server },
  },
});
