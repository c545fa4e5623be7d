/** A line of a few pixels without axes. */

interface SparkLineProps {
  values: ArrayLike<number>;
  label: string;
  width: number;
  height: number;
}

/** Points of an SVG polyline; what is not finite is left out. */
function pointsOf(values: ArrayLike<number>, width: number, height: number): string {
  const finite = Array.from(values).map(Number).filter(Number.isFinite);
  const lo = Math.min(...finite);
  const span = Math.max(...finite) - lo || 1;
  const step = width / Math.max(1, finite.length - 1);
  return finite
    .map((value, i) => {
      const y = height - 1.5 - ((value - lo) / span) * (height - 3);
      return `${(i * step).toFixed(1)},${y.toFixed(1)}`;
    })
    .join(' ');
}

export function SparkLine({ values, label, width, height }: SparkLineProps) {
  return (
    <svg class="spark" width={width} height={height} role="img" aria-label={label}>
      <polyline
        points={pointsOf(values, width, height)}
        fill="none"
        stroke="currentColor"
        stroke-linejoin="round"
      />
    </svg>
  );
}
