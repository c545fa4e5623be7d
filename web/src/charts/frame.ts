/** What every chart on plain canvases has: two surfaces, a plot box, the pointer and the theme. */

import { cancelPaint, paintLater } from './queue';
import { type Box, Surface } from './surface';
import { onTheme } from './theme';

export interface Point {
  x: number;
  y: number;
}

export interface FrameOwner {
  /** The only direction that can be dragged along; without it, the one that is dragged farther. */
  readonly dragsAlong?: 'x' | 'y';
  /** How far a drag along y from here reaches in x, if not over the whole box; null: no drag. */
  dragBand?(from: Point): [left: number, width: number] | null;
  /** Draws all of the lower surface; the box may be set here. */
  paint(): void;
  /** Draws what changes often or follows the pointer, on the upper surface. */
  paintOver(): void;
  /** The pointer is here (CSS pixels of the chart), or has left. */
  onHover(point: Point | null): void;
  /** Moves the crosshair to the next or previous point; the chart then takes the focus. */
  onArrow?(by: -1 | 1): void;
  onClick?(point: Point): void;
  onDoubleClick?(): void;
  /** Dragged from here to there, mostly along one direction; Escape calls it off. */
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
  /** A finger has left: what it has shown stays until the next touch or scroll. */
  private tapped = false;
  private painted = false;

  constructor(
    private readonly host: HTMLElement,
    private readonly owner: FrameOwner,
  ) {
    this.root.className = 'chart';
    this.select.className = 'chart-select';
    this.select.hidden = true;
    host.setAttribute('role', 'img');
    if (owner.onArrow) this.listenToKeys(host);
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
      surface.prepare(this.width, this.height);
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
    this.endDrag();
    this.endTap();
    this.forgetTheme();
    this.host.removeEventListener('keydown', this.onKey);
    this.host.removeEventListener('blur', this.onBlur);
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
      addEventListener('keydown', this.cancelByKey, true);
    });
    this.root.addEventListener('pointermove', (event) => this.onMove(pointOf(event)));
    this.root.addEventListener('pointerup', (event) => {
      const tapped = event.pointerType === 'touch' && this.down && !this.dragged(pointOf(event));
      this.onUp(pointOf(event));
      if (tapped) this.holdTap(pointOf(event));
    });
    this.root.addEventListener('pointercancel', () => this.endDrag());
    this.root.addEventListener('pointerleave', () => {
      if (!this.tapped) this.owner.onHover(null);
    });
    this.root.addEventListener('dblclick', () => this.owner.onDoubleClick?.());
  }

  private holdTap(point: Point): void {
    this.tapped = true;
    this.owner.onHover(this.contains(point) ? point : null);
    addEventListener('pointerdown', this.endTap, true);
    addEventListener('scroll', this.endTap, true);
  }

  private readonly endTap = (): void => {
    if (!this.tapped) return;
    this.tapped = false;
    this.owner.onHover(null);
    removeEventListener('pointerdown', this.endTap, true);
    removeEventListener('scroll', this.endTap, true);
  };

  private listenToKeys(host: HTMLElement): void {
    host.tabIndex = 0;
    host.addEventListener('keydown', this.onKey);
    host.addEventListener('blur', this.onBlur);
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const by = ({ ArrowLeft: -1, ArrowRight: 1 } as const)[event.key];
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.owner.onArrow?.(by);
  };

  private readonly onBlur = (): void => this.owner.onHover(null);

  private contains({ x, y }: Point): boolean {
    const { left, top, width, height } = this.box;
    return x >= left && x <= left + width && y >= top && y <= top + height;
  }

  private onMove(point: Point): void {
    const to = this.clamp(point);
    if (this.down && this.owner.onDrag) {
      if (this.dragged(to)) this.showSelection(this.down, to);
      else this.select.hidden = true;
    }
    this.owner.onHover(this.contains(point) ? point : null);
  }

  private onUp(point: Point): void {
    const from = this.down;
    if (!from) return;
    const to = this.clamp(point);
    const dragged = this.dragged(to);
    this.endDrag();
    if (!dragged) this.owner.onClick?.(to);
    else this.owner.onDrag?.(from, to, this.direction(from, to));
  }

  private dragged(point: Point): boolean {
    if (!this.down) return false;
    const x = this.owner.dragsAlong === 'y' ? 0 : point.x - this.down.x;
    const y = this.owner.dragsAlong === 'x' ? 0 : point.y - this.down.y;
    return Math.hypot(x, y) > CLICK_PIXELS;
  }

  private direction(from: Point, to: Point): 'x' | 'y' {
    if (this.owner.dragsAlong) return this.owner.dragsAlong;
    return Math.abs(to.x - from.x) >= Math.abs(to.y - from.y) ? 'x' : 'y';
  }

  private clamp({ x, y }: Point): Point {
    const { left, top, width, height } = this.box;
    return {
      x: Math.min(left + width, Math.max(left, x)),
      y: Math.min(top + height, Math.max(top, y)),
    };
  }

  private showSelection(from: Point, to: Point): void {
    const along = this.direction(from, to);
    const { top, height } = this.box;
    const band = this.owner.dragBand ? this.owner.dragBand(from) : [this.box.left, this.box.width];
    if (!band) return;
    const [x, wide] = along === 'x' ? [Math.min(from.x, to.x), Math.abs(to.x - from.x)] : band;
    const [y, high] =
      along === 'y' ? [Math.min(from.y, to.y), Math.abs(to.y - from.y)] : [top, height];
    const { style } = this.select;
    style.transform = `translate(${x}px, ${y}px)`;
    style.width = `${wide}px`;
    style.height = `${high}px`;
    this.select.hidden = false;
  }

  /** Escape ends the drag and does nothing else meanwhile, such as closing a view. */
  private readonly cancelByKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    this.endDrag();
  };

  private endDrag(): void {
    this.down = null;
    this.select.hidden = true;
    removeEventListener('keydown', this.cancelByKey, true);
  }
}

function pointOf(event: PointerEvent): Point {
  const bounds = (event.currentTarget as HTMLElement).getBoundingClientRect();
  return { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
}
