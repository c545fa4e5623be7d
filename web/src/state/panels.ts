/** `window.lossboard`: the numbers that are on screen, and how often panels were rendered, for tests. */

export interface DrawnPanel {
  id: string;
  kind: string;
  key: string;
  runs: number[];
  data: unknown;
}

type Source = () => DrawnPanel;

const sources = new Map<string, Source>();
const renders = new Map<string, number>();
/** Draws a chart at the pixels of now, in another size if one is given. */
type Painter = (size?: Size) => void;

export interface Size {
  width: number;
  height: number;
}

const painters = new WeakMap<Element, Painter>();

declare global {
  interface Window {
    lossboard: { readonly panels: DrawnPanel[]; readonly renders: Record<string, number> };
  }
}

export function startPanels(): void {
  window.lossboard = {
    get panels() {
      return [...sources.values()].map((read) => read());
    },
    get renders() {
      return Object.fromEntries(renders);
    },
  };
}

/** Counts how often the panel of this label has been rendered: once for each change is enough. */
export function countRender(label: string): void {
  renders.set(label, (renders.get(label) ?? 0) + 1);
}

/** What the mounted panel of this id has drawn. */
export const drawnPanel = (id: string): DrawnPanel | undefined => sources.get(id)?.();

/** How the chart in an element is drawn anew. */
export const exposePainter = (host: Element, paint: Painter): void => {
  painters.set(host, paint);
};

export const paintAnew = (host: Element, size?: Size): void => painters.get(host)?.(size);

/** Adds a mounted panel; returns how to take it away again. */
export function exposePanel(id: string, read: Source): () => void {
  sources.set(id, read);
  return () => {
    if (sources.get(id) === read) sources.delete(id);
  };
}
