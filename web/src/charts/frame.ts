/** What every chart on plain canvases has: two surfaces, a plot box, the pointer and the theme. */

import { cancelPaint, paintLater } from './queue';
import { type Box, Surface } from './surface';
import { onTheme } from './theme';

export interface Point {
  x: number;
  y: number;
}

export interface FrameOwner {
  /** Draws all of the lower surface; the box may be set here. */
  paint(): void;
  /** Draws what follows the pointer, on the upper surface. */
  paintOver(): void;
  /** The pointer is here (CSS pixels of the chart), or has left. */
  onHover(point: Point | null): void;
  onClick?(point: Point): void;
  onDoubleClick?(): void;
  /** Dragged from here to there, mostly along one direction. */
  onDrag?(from: Point, to: Point, along: 'x' | 'y'): void;
}

const CLICK_PIXELS = 4;

export class Frame {
  readonly root = document.createElement('div');
  readonly base: Surface;
  readonly over: Surface;
  box: Box = { left: 0, top: 0, width: 0, height: 0 };
  width: number;
  height: number;
  private readonly select = document.createElement('div');
  private readonly forgetTheme: () => void;
  private down: Point | null = null;
  private painted = false;

  constructor(
    private readonly host: HTMLElement,
    private readonly owner: FrameOwner,
  ) {
    this.root.className = 'chart';
    this.select.className = 'chart-select';
    this.select.hidden = true;
    host.setAttribute('role', 'img');
    host.append(this.root);
    this.width = host.clientWidth;
    this.height = host.clientHeight;
    this.base = new Surface(this.root, false);
    this.over = new Surface(this.root, true);
    this.root.append(this.select);
    this.forgetTheme = onTheme(() => this.paintSoon());
    this.listen();
  }

  label(text: string): void {
    this.host.setAttribute('aria-label', text);
  }

  resize(width: number, height: number): void {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    if (this.painted) this.paintNow();
  }

  /** The first time at once, later in one of the next frames. */
  paint(): void {
    if (this.painted) this.paintSoon();
    else this.paintNow();
  }

  paintNow(): void {
    cancelPaint(this);
    this.painted = true;
    for (const surface of [this.base, this.over]) {
      if (surface.width !== this.width || surface.height !== this.height) {
        surface.resize(this.width, this.height);
      } else surface.clear();
    }
    this.owner.paint();
    this.owner.paintOver();
  }

  paintOver(): void {
    if (!this.painted) return;
    this.over.clear();
    this.owner.paintOver();
  }

  destroy(): void {
    cancelPaint(this);
    this.forgetTheme();
    this.root.remove();
  }

  private paintSoon(): void {
    paintLater(this, () => this.paintNow());
  }

  private listen(): void {
    this.root.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || !this.contains(pointOf(event))) return;
      this.down = pointOf(event);
      this.root.setPointerCapture(event.pointerId);
    });
    this.root.addEventListener('pointermove', (event) => this.onMove(pointOf(event)));
    this.root.addEventListener('pointerup', (event) => this.onUp(pointOf(event)));
    this.root.addEventListener('pointercancel', () => this.endDrag());
    this.root.addEventListener('pointerleave', () => this.owner.onHover(null));
    this.root.addEventListener('dblclick', () => this.owner.onDoubleClick?.());
  }

  private contains({ x, y }: Point): boolean {
    const { left, top, width, height } = this.box;
    return x >= left && x <= left + width && y >= top && y <= top + height;
  }

  private onMove(point: Point): void {
    if (this.down && this.owner.onDrag && this.dragged(point)) this.showSelection(point);
    this.owner.onHover(this.contains(point) ? point : null);
  }

  private onUp(point: Point): void {
    const from = this.down;
    if (!from) return;
    const dragged = this.dragged(point);
    this.endDrag();
    if (!dragged) this.owner.onClick?.(point);
    else this.owner.onDrag?.(from, this.clamp(point), this.direction(from, point));
  }

  private dragged(point: Point): boolean {
    if (!this.down) return false;
    const { x, y } = this.down;
    return Math.hypot(point.x - x, point.y - y) > CLICK_PIXELS;
  }

  private direction(from: Point, to: Point): 'x' | 'y' {
    return Math.abs(to.x - from.x) >= Math.abs(to.y - from.y) ? 'x' : 'y';
  }

  private clamp({ x, y }: Point): Point {
    const { left, top, width, height } = this.box;
    return {
      x: Math.min(left + width, Math.max(left, x)),
      y: Math.min(top + height, Math.max(top, y)),
    };
  }

  private showSelection(point: Point): void {
    const from = this.down!;
    const to = this.clamp(point);
    const along = this.direction(from, to);
    const { left, top, width, height } = this.box;
    const [x, wide] =
      along === 'x' ? [Math.min(from.x, to.x), Math.abs(to.x - from.x)] : [left, width];
    const [y, high] =
      along === 'y' ? [Math.min(from.y, to.y), Math.abs(to.y - from.y)] : [top, height];
    const { style } = this.select;
    style.transform = `translate(${x}px, ${y}px)`;
    style.width = `${wide}px`;
    style.height = `${high}px`;
    this.select.hidden = false;
  }

  private endDrag(): void {
    this.down = null;
    this.select.hidden = true;
  }
}

function pointOf(event: PointerEvent): Point {
  const bounds = (event.currentTarget as HTMLElement).getBoundingClientRect();
  return { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
}
