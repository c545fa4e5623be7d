/** Facts of a thing, each under its name. */

export function FactList({ facts }: { facts: [label: string, value: string][] }) {
  return (
    <div class="facts">
      {facts.map(([label, value]) => (
        <div class="fact" key={label}>
          <span>{label}</span>
          <b>{value}</b>
        </div>
      ))}
    </div>
  );
}
