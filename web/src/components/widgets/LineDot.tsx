/** The dot of a run, or a piece of its line where its colour is that of others too. */

interface LineDotProps {
  dash: number[];
  hollow?: boolean;
}

export function LineDot({ dash, hollow = false }: LineDotProps) {
  if (dash.length === 0) return <span class={`dot ${hollow ? 'hollow' : ''}`} />;
  const lengths = dash.map((length) => length / 2).join(' ');
  return (
    <svg class="dashdot" data-hollow={hollow} width="10" height="10" aria-hidden="true">
      <line x1="0" y1="5" x2="10" y2="5" stroke-dasharray={lengths} />
    </svg>
  );
}
