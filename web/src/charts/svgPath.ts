/** The current path and transformation of a drawing context, as SVG writes them. */

type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0];

export const times = ([a, b, c, d, e, f]: Matrix, [g, h, i, j, k, l]: Matrix): Matrix => [
  a * g + c * h,
  b * g + d * h,
  a * i + c * j,
  b * i + d * j,
  a * k + c * l + e,
  b * k + d * l + f,
];

/** How much longer lengths get; all charts stretch both directions alike. */
export const scaleOf = ([a, b]: Matrix): number => Math.hypot(a, b);

export const rounded = (value: number): string => String(Math.round(value * 100) / 100);

/** Everything is in the coordinates of the picture, whatever transformation held. */
export class SvgPath {
  private d = '';

  begin(): void {
    this.d = '';
  }

  text(): string {
    return this.d;
  }

  move(matrix: Matrix, x: number, y: number): void {
    this.d += `M${this.at(matrix, x, y)}`;
  }

  line(matrix: Matrix, x: number, y: number): void {
    this.d += `${this.d ? 'L' : 'M'}${this.at(matrix, x, y)}`;
  }

  close(): void {
    this.d += 'Z';
  }

  rect(matrix: Matrix, x: number, y: number, width: number, height: number): void {
    this.move(matrix, x, y);
    this.line(matrix, x + width, y);
    this.line(matrix, x + width, y + height);
    this.line(matrix, x, y + height);
    this.close();
  }

  /** Two halves where it is a whole circle: an arc of SVG can't end where it began. */
  arc(matrix: Matrix, x: number, y: number, radius: number, from: number, to: number): void {
    const r = rounded(radius * scaleOf(matrix));
    const point = (angle: number) => [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
    const [x0, y0] = point(from);
    this.line(matrix, x0, y0);
    for (const angle of [(from + to) / 2, to]) {
      const [x1, y1] = point(angle);
      this.d += `A${r} ${r} 0 0 1 ${this.at(matrix, x1, y1)}`;
    }
  }

  private at([a, b, c, d, e, f]: Matrix, x: number, y: number): string {
    return `${rounded(a * x + c * y + e)} ${rounded(b * x + d * y + f)}`;
  }
}

export type { Matrix };
