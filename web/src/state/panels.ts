/** `window.lossboard.panels`: the numbers that are on screen, for tests and curious people. */

export interface DrawnPanel {
  id: string;
  kind: string;
  key: string;
  runs: number[];
  data: unknown;
}

type Source = () => DrawnPanel;

const sources = new Map<string, Source>();

declare global {
  interface Window {
    lossboard: { readonly panels: DrawnPanel[] };
  }
}

export function startPanels(): void {
  window.lossboard = {
    get panels() {
      return [...sources.values()].map((read) => read());
    },
  };
}

/** What the mounted panel of this id has drawn. */
export const drawnPanel = (id: string): DrawnPanel | undefined => sources.get(id)?.();

/** Adds a mounted panel; returns how to take it away again. */
export function exposePanel(id: string, read: Source): () => void {
  sources.set(id, read);
  return () => {
    if (sources.get(id) === read) sources.delete(id);
  };
}
