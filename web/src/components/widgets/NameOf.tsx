/** A run's name where there is little room: the end that tells ranks apart is never cut. */

const RANK = /^(.+)(-rank\d+)$/;

export function NameOf({ name }: { name: string }) {
  const parts = RANK.exec(name);
  if (!parts) return <>{name}</>;
  return (
    <span class="headtail">
      <span class="ell">{parts[1]}</span>
      <span>{parts[2]}</span>
    </span>
  );
}
