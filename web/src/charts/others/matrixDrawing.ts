/** Draws confusion matrices: cells, names of classes, headings. */

import { type Rgb, textOn } from '../../math/color';
import { formatShare } from '../../math/numbers';
import { shortened } from '../axes';
import { circle } from '../surface';
import { colorOf, theme } from '../theme';
import {
  cellForms,
  type DrawnMatrix,
  LINE_PIXELS,
  type MatrixModel,
  type MatrixOptions,
  type MatrixPlace,
} from './matrixModel';

const CELL_GAP = 1;
const TEXT_HEIGHT = 12;
const SMALL_TEXT = '9px';
const NAME_HEIGHT = 12;
const SLANT = -Math.PI / 4;
/** Under the slanted names stands the title. */
const TITLE_PIXELS = 18;

/** What all parts of the picture need. */
export interface Sheet {
  context: CanvasRenderingContext2D;
  height: number;
  model: MatrixModel;
  options: MatrixOptions;
  places: MatrixPlace[];
}

export function paintMatrices(sheet: Sheet): void {
  sheet.context.textBaseline = 'middle';
  for (const [i, one] of sheet.model.matrices.entries()) {
    const place = sheet.places[i];
    paintCells(sheet, one, place);
    if (place.named) paintActual(sheet, one, place);
    paintPredicted(sheet, one, place);
    if (sheet.model.matrices.length > 1) paintHeading(sheet.context, one, place);
  }
  paintTitles(sheet);
}

/** The cell without its gap, on whole pixels. */
export function cellBox({ matrix }: DrawnMatrix, place: MatrixPlace, row: number, column: number) {
  const { cells } = place;
  const x = (i: number) => Math.round(cells.left + (i * cells.width) / matrix.predicted.length);
  const y = (i: number) => Math.round(cells.top + (i * cells.height) / matrix.actual.length);
  const [left, top] = [x(column), y(row)];
  const gapX = x(column + 1) - left > 4 ? CELL_GAP : 0;
  const gapY = y(row + 1) - top > 4 ? CELL_GAP : 0;
  return { left, top, width: x(column + 1) - left - gapX, height: y(row + 1) - top - gapY };
}

function paintCells(sheet: Sheet, one: DrawnMatrix, place: MatrixPlace): void {
  const { context, model } = sheet;
  const wide = one.matrix.predicted.length;
  const words = wordsFor(sheet, one, place);
  context.font = words?.font ?? theme().font;
  context.textAlign = 'center';
  for (let i = 0; i < one.shown.length; i++) {
    const box = cellBox(one, place, Math.floor(i / wide), i % wide);
    const rgb = colorAt(one.shown[i] / model.most);
    context.fillStyle = rgb ? `rgb(${rgb.join()})` : colorOf('--bg2');
    context.fillRect(box.left, box.top, box.width, box.height);
    if (!words) continue;
    const middle = box.top + box.height / 2 + 0.5;
    context.fillStyle = rgb ? textOn(rgb) : theme().ink3;
    context.fillText(words.form(one.shown[i]), box.left + box.width / 2, middle);
  }
}

/** The fullest form that fits all cells, small letters before shorter words; null: none does. */
function wordsFor({ context, options }: Sheet, one: DrawnMatrix, place: MatrixPlace) {
  const cell = cellBox(one, place, 0, 0);
  if (cell.height < TEXT_HEIGHT) return null;
  const { font } = theme();
  for (const form of cellForms(options.shares)) {
    const longest = Array.from(one.shown, form).reduce(
      (best, text) => (text.length > best.length ? text : best),
      '',
    );
    for (const letters of [font, font.replace('11px', SMALL_TEXT)]) {
      context.font = letters;
      if (context.measureText(longest).width <= cell.width) return { form, font: letters };
    }
  }
  return null;
}

/** Null: nothing is in the cell. */
function colorAt(share: number): Rgb | null {
  if (!(share > 0)) return null;
  const word = theme().ramp[Math.round(Math.min(1, share) * 255)];
  return [word & 255, (word >> 8) & 255, (word >> 16) & 255];
}

function paintActual({ context, places }: Sheet, { matrix }: DrawnMatrix, { cells }: MatrixPlace) {
  const high = cells.height / matrix.actual.length;
  const every = Math.max(1, Math.ceil(NAME_HEIGHT / high));
  const ends = places.map((place) => place.cells.left + place.cells.width);
  const before = Math.max(0, ...ends.filter((end) => end < cells.left));
  context.font = theme().font;
  context.fillStyle = theme().ink2;
  context.textAlign = 'right';
  for (let row = 0; row < matrix.actual.length; row += every) {
    const name = shortened(context, matrix.actual[row], cells.left - 8 - before);
    context.fillText(name, cells.left - 8, cells.top + (row + 0.5) * high + 0.5);
  }
}

function paintPredicted(sheet: Sheet, { matrix }: DrawnMatrix, { cells, lines }: MatrixPlace) {
  const { context } = sheet;
  const wide = cells.width / matrix.predicted.length;
  const bottom = cells.top + cells.height;
  const every = lines ? 1 : Math.max(1, Math.ceil((NAME_HEIGHT * Math.SQRT2) / wide));
  context.font = theme().font;
  context.fillStyle = theme().ink2;
  context.textAlign = lines ? 'center' : 'right';
  for (let column = 0; column < matrix.predicted.length; column += every) {
    const x = cells.left + (column + 0.5) * wide;
    if (!lines) paintSlanted(sheet, matrix.predicted[column], x, bottom + 6);
    for (const [i, line] of (lines?.[column] ?? []).entries()) {
      context.fillText(line, x, bottom + 10 + i * LINE_PIXELS);
    }
  }
}

function paintSlanted({ context, height }: Sheet, name: string, x: number, y: number): void {
  const room = Math.min(height - y - TITLE_PIXELS, x) * Math.SQRT2;
  context.save();
  context.translate(x + 4, y);
  context.rotate(SLANT);
  context.fillText(shortened(context, name, room), 0, 0);
  context.restore();
}

function paintHeading(
  context: CanvasRenderingContext2D,
  { label, color, accuracy }: DrawnMatrix,
  { cells }: MatrixPlace,
): void {
  const y = cells.top - 11;
  const share = formatShare(accuracy);
  context.font = theme().font;
  context.textAlign = 'right';
  context.fillStyle = theme().ink3;
  context.fillText(share, cells.left + cells.width, y);
  const room = cells.width - context.measureText(share).width - 22;
  circle(context, cells.left + 4, y, 4, colorOf(color));
  context.textAlign = 'left';
  context.fillStyle = theme().ink;
  context.fillText(shortened(context, label, room), cells.left + 13, y);
}

/** What the rows are over their names, and what the columns are under theirs. */
function paintTitles({ context, height, model, options, places }: Sheet): void {
  const { actual, predicted } = options.titles;
  context.font = theme().font;
  context.fillStyle = theme().ink3;
  context.textAlign = 'left';
  context.fillText(`${actual} ↓`, 0, 8);
  context.textAlign = 'center';
  for (const { cells } of places) {
    context.fillText(`${predicted} →`, cells.left + cells.width / 2, height - 8);
  }
  if (model.matrices.length !== 1) return;
  const { left, width } = places[0].cells;
  context.textAlign = 'right';
  context.fillText(`accuracy ${formatShare(model.matrices[0].accuracy)}`, left + width, 8);
}
