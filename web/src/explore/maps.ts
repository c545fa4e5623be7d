/** Maps of streets as maps of outlines: the pictures of streets would come from other hosts. */

type Tree = Record<string, unknown>;

const OUTLINED: Record<string, string> = {
  scattermap: 'scattergeo',
  scattermapbox: 'scattergeo',
  densitymap: 'scattergeo',
  densitymapbox: 'scattergeo',
  choroplethmap: 'choropleth',
  choroplethmapbox: 'choropleth',
};
const ELSEWHERE = /^(https?:)?\/\//i;
const SPOT_PX = 10;

interface Drawn {
  data: Tree[];
  layout: Tree;
  notes: string[];
}

/** The same places over outlines, and what of the figure lies on other hosts. */
export function withoutTiles(data: Tree[], layout: Tree): Drawn {
  const far = data.filter(({ geojson }) => typeof geojson === 'string' && ELSEWHERE.test(geojson));
  const near = data.filter((trace) => !far.includes(trace));
  const isTiled = ({ type }: Tree) => String(type) in OUTLINED;
  const tiled = near.some(isTiled);
  return {
    data: near.map((trace) => (isTiled(trace) ? outlined(trace) : trace)),
    layout: tiled ? { ...withGeo(layout, near.filter(isTiled)) } : layout,
    notes: [
      ...(tiled ? ['Drawn over outlines: pictures of streets lie on other hosts.'] : []),
      ...far.map(({ geojson }) => `Not drawn: its areas lie at ${geojson}.`),
    ],
  };
}

const geoName = (subplot: unknown): string =>
  `geo${String(subplot ?? '').replace(/^(map(box)?|geo)/, '')}`;

function outlined({ subplot, below: _, cluster: _c, type, ...trace }: Tree): Tree {
  const geo = geoName(subplot);
  const kind = OUTLINED[String(type)];
  if (kind === 'choropleth') return { ...trace, type: kind, geo, locationmode: 'geojson-id' };
  if (!String(type).startsWith('density')) return { ...trace, type: kind, geo };
  const { z, radius, colorscale, coloraxis, showscale = true, opacity = 0.6, ...rest } = trace;
  const colors = { colorscale, coloraxis, showscale: coloraxis ? undefined : showscale };
  const marker = { color: z, size: radius ?? SPOT_PX, opacity, ...colors };
  return { ...rest, type: kind, geo, mode: 'markers', marker };
}

/** The part of the world that holds what is drawn. */
function withGeo(layout: Tree, traces: Tree[]): Tree {
  const { map: _, mapbox: _m, ...rest } = layout;
  const names = new Set(traces.map(({ subplot }) => geoName(subplot)));
  const geos = [...names].map((name) => {
    const number = name.slice('geo'.length);
    const { domain } = (layout[`map${number}`] ?? layout[`mapbox${number}`] ?? {}) as Tree;
    const shown = { showcountries: true, showlakes: true, showsubunits: true, resolution: 50 };
    const place = { fitbounds: 'locations', projection: { type: 'mercator' } };
    return [name, { ...shown, ...place, ...(domain ? { domain } : {}) }];
  });
  return { ...rest, ...Object.fromEntries(geos) };
}
