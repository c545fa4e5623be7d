/** Confusion matrices of several runs side by side, in one scale of colours. */

import { formatCount, formatShare } from '../../math/numbers';
import { sum } from '../../math/plots';
import type { Callbacks, Chart, Moment } from '../../model/types';
import { Frame, type FrameOwner, type Point } from '../frame';
import { theme } from '../theme';
import { tooltip } from '../tooltip';
import { cellBox, paintMatrices } from './matrixDrawing';
import {
  buildMatrices,
  type DrawnMatrix,
  describeMatrices,
  type MatrixModel,
  type MatrixOptions,
  type MatrixPlace,
  placeMatrices,
  type RunMatrix,
} from './matrixModel';

interface Cell {
  matrix: number;
  row: number;
  column: number;
}

type Classes = [actual: string, predicted: string];

export class MatrixPanel implements Chart<RunMatrix[], MatrixOptions>, FrameOwner {
  private readonly frame: Frame;
  private model: MatrixModel;
  private places: MatrixPlace[] = [];
  private hovered: Cell | null = null;

  constructor(
    host: HTMLElement,
    data: RunMatrix[],
    private options: MatrixOptions,
    private readonly callbacks: Callbacks = {},
  ) {
    this.frame = new Frame(host, this);
    this.model = buildMatrices(data, options);
    this.show();
  }

  set(data: RunMatrix[], options: MatrixOptions): void {
    this.options = options;
    this.model = buildMatrices(data, options);
    this.show();
  }

  /** Draws at once: it follows a slider. */
  private show(): void {
    this.frame.label(describeMatrices(this.model));
    const { shares } = this.options;
    const to = shares ? '100 %' : formatCount(this.model.most);
    const unit = shares ? 'of the actual class' : 'predictions per cell';
    this.callbacks.onLegend?.({ from: shares ? '0 %' : '0', to, unit });
    this.frame.paintNow();
  }

  resize(width: number, height: number): void {
    this.frame.resize(width, height);
  }

  /** A matrix has no time axis. */
  showMoment(_moment: Moment | null): void {}

  drawn() {
    return {
      kind: 'matrix',
      shares: this.options.shares,
      most: this.model.most,
      matrices: this.model.matrices.map(({ id, label, matrix, shown, accuracy }, i) => ({
        id,
        label,
        accuracy,
        actual: matrix.actual,
        predicted: matrix.predicted,
        counts: rows(matrix.counts, matrix.predicted.length),
        shown: rows(shown, matrix.predicted.length),
        cells: this.places[i]?.cells,
      })),
    };
  }

  destroy(): void {
    tooltip().hide(this);
    this.frame.destroy();
  }

  paint(): void {
    const { context } = this.frame.base;
    const { width, height } = this.frame;
    context.font = theme().font;
    const measure = (text: string) => context.measureText(text).width;
    this.places = placeMatrices(this.model, { width, height, measure });
    this.frame.box = { left: 0, top: 0, width, height };
    paintMatrices({
      context,
      height,
      model: this.model,
      options: this.options,
      places: this.places,
    });
  }

  /** The hovered cell is framed in every matrix that has its classes. */
  paintOver(): void {
    if (!this.hovered) return;
    const { context } = this.frame.over;
    const { row, column } = this.hovered;
    const classes = this.classesOf(this.hovered);
    for (const [i, one] of this.model.matrices.entries()) {
      const at = cellOf(classes, one);
      if (!at) continue;
      const { left, top, width, height } = cellBox(one, this.places[i], at.row, at.column);
      context.strokeStyle = theme().ink;
      context.lineWidth =
        i === this.hovered.matrix && at.row === row && at.column === column ? 2 : 1;
      context.strokeRect(left, top, width, height);
    }
  }

  onHover(point: Point | null): void {
    const cell = point && this.cellAt(point);
    const same = JSON.stringify(cell) === JSON.stringify(this.hovered);
    this.hovered = cell;
    if (!same) this.frame.paintOver();
    if (cell && point) this.tell(cell, point);
    else tooltip().hide(this);
  }

  private cellAt({ x, y }: Point): Cell | null {
    for (const [matrix, { cells }] of this.places.entries()) {
      const { actual, predicted } = this.model.matrices[matrix].matrix;
      const column = Math.floor(((x - cells.left) / cells.width) * predicted.length);
      const row = Math.floor(((y - cells.top) / cells.height) * actual.length);
      const inside = column >= 0 && column < predicted.length && row >= 0 && row < actual.length;
      if (inside) return { matrix, row, column };
    }
    return null;
  }

  private classesOf({ matrix, row, column }: Cell): Classes {
    const { actual, predicted } = this.model.matrices[matrix].matrix;
    return [actual[row], predicted[column]];
  }

  private tell(cell: Cell, point: Point): void {
    const classes = this.classesOf(cell);
    const bounds = this.frame.root.getBoundingClientRect();
    const content = {
      title: classes.join(' → '),
      heads: ['count', 'of actual', 'of predicted'],
      rows: this.model.matrices.map((one, i) => ({
        color: one.color,
        label: one.label,
        cells: told(one, classes),
        strong: i === cell.matrix && this.model.matrices.length > 1,
      })),
      foot: 'actual class → predicted class',
    };
    const top = this.places[cell.matrix].cells.top;
    const cellTop = cellBox(
      this.model.matrices[cell.matrix],
      this.places[cell.matrix],
      cell.row,
      0,
    );
    tooltip().show(this, content, {
      x: bounds.left + point.x,
      dataTop: bounds.top + Math.max(top, cellTop.top),
      plotLeft: bounds.left,
      plotRight: bounds.right,
      bottom: bounds.bottom,
    });
  }
}

/** Count and shares of the cell of these classes. */
function told(one: DrawnMatrix, classes: Classes): string[] {
  const at = cellOf(classes, one);
  if (!at) return ['–', '–', '–'];
  const { actual, predicted, counts } = one.matrix;
  const wide = predicted.length;
  const count = counts[at.row * wide + at.column];
  const row = sum(counts.subarray(at.row * wide, (at.row + 1) * wide));
  let column = 0;
  for (let i = 0; i < actual.length; i++) column += counts[i * wide + at.column];
  return [formatCount(count), formatShare(count / row), formatShare(count / column)];
}

function rows(values: Float64Array, wide: number): number[][] {
  const count = wide > 0 ? values.length / wide : 0;
  return Array.from({ length: count }, (_, i) =>
    Array.from(values.subarray(i * wide, (i + 1) * wide)),
  );
}

/** The cell of these classes in a matrix. */
function cellOf([actual, predicted]: Classes, { matrix }: DrawnMatrix) {
  const row = matrix.actual.indexOf(actual);
  const column = matrix.predicted.indexOf(predicted);
  return row >= 0 && column >= 0 ? { row, column } : null;
}
