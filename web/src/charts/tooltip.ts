/** The one floating box of all charts. It covers chrome before data. */

export interface TooltipRow {
  color: string;
  label: string;
  cells: string[];
  strong: boolean;
}

export interface TooltipContent {
  title: string;
  /** Heads of the number columns. */
  heads: string[];
  rows: TooltipRow[];
  foot: string;
}

/** Where it may go, in client pixels. */
interface TooltipPlace {
  /** The crosshair. */
  x: number;
  /** Highest pixel of the data near the crosshair: the lower edge stays above it if it can. */
  dataTop: number;
  /** Bounds of the plot: right half means left of the crosshair. */
  plotLeft: number;
  plotRight: number;
  /** Lower end of the chart with its axis: on a phone the box lies under it. */
  bottom: number;
}

const GAP = 14;
const EDGE = 8;
/** Below this the box is as wide as the screen. */
const NARROW = 600;

class Tooltip {
  private readonly root = document.createElement('div');
  private owner: object | null = null;

  constructor() {
    this.root.className = 'chart-tip';
    this.root.hidden = true;
    document.body.append(this.root);
  }

  show(owner: object, content: TooltipContent, place: TooltipPlace): void {
    this.owner = owner;
    this.root.replaceChildren(table(content), ...foot(content.foot));
    this.root.hidden = false;
    this.move(place);
  }

  hide(owner: object): void {
    if (this.owner !== owner) return;
    this.owner = null;
    this.root.hidden = true;
  }

  private move(place: TooltipPlace): void {
    const isSheet = innerWidth < NARROW;
    this.root.classList.toggle('chart-tip-sheet', isSheet);
    const width = this.root.offsetWidth;
    const height = this.root.offsetHeight;
    if (isSheet) {
      this.put(0, Math.min(place.bottom, innerHeight - height));
      return;
    }
    const leftwards = place.x > (place.plotLeft + place.plotRight) / 2;
    const wanted = leftwards ? place.x - GAP - width : place.x + GAP;
    const left = Math.min(innerWidth - width - EDGE, Math.max(EDGE, wanted));
    const top = Math.min(
      innerHeight - height - EDGE,
      Math.max(EDGE, place.dataTop - EDGE - height),
    );
    this.put(left, top);
  }

  private put(left: number, top: number): void {
    this.root.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }
}

let shared: Tooltip | null = null;

export function tooltip(): Tooltip {
  shared ??= new Tooltip();
  return shared;
}

function cell(kind: 'td' | 'th', text: string): HTMLTableCellElement {
  const element = document.createElement(kind);
  element.textContent = text;
  return element;
}

function table(content: TooltipContent): HTMLTableElement {
  const element = document.createElement('table');
  const head = element.insertRow();
  const title = cell('td', content.title);
  title.colSpan = 2;
  title.className = 'chart-tip-title';
  head.append(title, ...content.heads.map((text) => cell('th', text)));
  for (const row of content.rows) element.append(tableRow(row));
  return element;
}

function tableRow(row: TooltipRow): HTMLTableRowElement {
  const element = document.createElement('tr');
  if (row.strong) element.className = 'chart-tip-strong';
  const mark = document.createElement('i');
  mark.className = 'chart-tip-dot';
  mark.style.background = row.color.startsWith('--') ? `var(${row.color})` : row.color;
  const first = document.createElement('td');
  first.append(mark);
  element.append(first, cell('td', row.label), ...row.cells.map((text) => cell('td', text)));
  return element;
}

function foot(text: string): HTMLElement[] {
  if (!text) return [];
  const element = document.createElement('div');
  element.className = 'chart-tip-foot';
  element.textContent = text;
  return [element];
}
