/** One canvas, shared by all charts, that images pass through on their way to a chart's canvas. */

let shared: CanvasRenderingContext2D | null = null;

/** The image as something `drawImage` takes; it holds until the next call. */
export function imageSource(image: ImageData): HTMLCanvasElement {
  shared ??= document.createElement('canvas').getContext('2d')!;
  const { canvas } = shared;
  if (canvas.width < image.width) canvas.width = image.width;
  if (canvas.height < image.height) canvas.height = image.height;
  shared.putImageData(image, 0, 0);
  return canvas;
}
