"""What charts write on their canvases, noted while they draw, and where it lies."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

__all__ = ["RECORD", "overlaps", "texts_of"]

# Boxes are in the canvas's CSS pixels, turned texts too. What is painted over a text, such as the
# pill of a moment over labels, covers it.
RECORD = """() => {
  const boxOf = (context, text, x, y) => {
    const metrics = context.measureText(text);
    const left = x - metrics.actualBoundingBoxLeft;
    const right = x + metrics.actualBoundingBoxRight;
    const top = y - metrics.actualBoundingBoxAscent;
    const bottom = y + metrics.actualBoundingBoxDescent;
    const ratio = devicePixelRatio || 1;
    const matrix = context.getTransform();
    const corners = [[left, top], [right, top], [left, bottom], [right, bottom]].map(
      ([a, b]) => new DOMPoint(a, b).matrixTransform(matrix));
    const [xs, ys] = [corners.map(p => p.x / ratio), corners.map(p => p.y / ratio)];
    return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys),
             bottom: Math.max(...ys), width: metrics.width };
  };
  const draw = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    this.canvas.texts ??= [];
    if (String(text).trim()) this.canvas.texts.push({ text, y, ...boxOf(this, text, x, y) });
    return draw.apply(this, arguments);
  };
  const fill = CanvasRenderingContext2D.prototype.fillRect;
  CanvasRenderingContext2D.prototype.fillRect = function (x, y, width, height) {
    if (height > 8 && width > 8) {
      const middle = text => [(text.left + text.right) / 2, (text.top + text.bottom) / 2];
      const covered = text => {
        const [a, b] = middle(text);
        return a >= x && a <= x + width && b >= y && b <= y + height;
      };
      this.canvas.texts = (this.canvas.texts ?? []).filter(text => !covered(text));
    }
    return fill.apply(this, arguments);
  };
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  CanvasRenderingContext2D.prototype.clearRect = function () {
    this.canvas.texts = [];
    return clear.apply(this, arguments);
  };
  const { get, set } = Object.getOwnPropertyDescriptor(HTMLCanvasElement.prototype, 'width');
  Object.defineProperty(HTMLCanvasElement.prototype, 'width', {
    get,
    set(value) {
      this.texts = [];
      set.call(this, value);
    },
  });
}"""

# Pairs of texts of one panel whose boxes share more than a pixel: of canvases, and of elements
# that are in sight. A text that is cut at an edge counts as far as it is seen.
OVERLAPS = """() => {
  const clip = (box, element) => {
    let { left, top, right, bottom } = box;
    for (let at = element; at && at !== document.body; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.overflow === 'visible' && style.overflowX === 'visible') continue;
      const edge = at.getBoundingClientRect();
      left = Math.max(left, edge.left);
      right = Math.min(right, edge.right);
      top = Math.max(top, edge.top);
      bottom = Math.min(bottom, edge.bottom);
    }
    return { left, top, right, bottom };
  };
  const ofElements = panel => {
    const found = [];
    const walker = document.createTreeWalker(panel, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const element = node.parentElement;
      if (!node.data.trim() || !element.checkVisibility({ opacityProperty: true })) continue;
      if (element.closest('.unseen, option, svg, [hidden]')) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects()) {
        const shown = clip(box, element);
        if (shown.right - shown.left > 1 && shown.bottom - shown.top > 1) {
          // a line's box is higher than its letters
          const room = Math.max(0, (shown.bottom - shown.top - 11) / 2);
          found.push({ ...shown, top: shown.top + room, bottom: shown.bottom - room,
                       text: node.data, node });
        }
      }
    }
    return found;
  };
  const ofCanvases = panel => [...panel.querySelectorAll('canvas')].flatMap(canvas => {
    const at = canvas.getBoundingClientRect();
    return (canvas.texts ?? []).map(({ text, left, right, top, bottom }) => ({
      text, node: null, left: left + at.left, right: Math.min(right + at.left, at.right),
      top: top + at.top, bottom: bottom + at.top,
    }));
  });
  const apart = (a, b) => a.right - 1 <= b.left || b.right - 1 <= a.left
    || a.bottom - 1 <= b.top || b.bottom - 1 <= a.top;
  let count = 0;
  const found = [];
  const boxes = '.panel, .top, .bar, .sec, .runhead, .side .head, .listrow, .table tr, .block';
  for (const panel of document.querySelectorAll(boxes)) {
    const texts = [...ofElements(panel), ...ofCanvases(panel)];
    count += texts.length;
    for (const [i, a] of texts.entries()) {
      for (const b of texts.slice(i + 1)) {
        if (a.node !== null && a.node === b.node) continue;
        if (!apart(a, b)) found.push(
          `${panel.getAttribute('aria-label') ?? panel.className}: “${a.text}” over “${b.text}”`);
      }
    }
  }
  return { count, found: [...new Set(found)] };
}"""


def texts_of(page: Page, name: str) -> list[dict[str, Any]]:
    """What the lower canvas of the panel with this name holds."""
    canvas = page.get_by_role("region", name=name, exact=True).locator("canvas").first
    return list(canvas.evaluate("canvas => canvas.texts ?? []"))


def overlaps(page: Page) -> tuple[int, list[str]]:
    """How many texts the panels, bars and rows of the page hold, and the pairs of them that lie
    over each other within one."""
    told = page.evaluate(OVERLAPS)
    return int(told["count"]), list(told["found"])
