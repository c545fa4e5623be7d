/** The page's colours as a template of Plotly: it holds for every axis and subplot of a figure. */

type Tokens = Record<string, string>;
type Layout = Record<string, unknown>;

/** `own` is the template that the figure came with: its colours of data are kept. */
export function templateOf(own: Layout | undefined, tokens: Tokens): object {
  return {
    data: { ...scalesOf(own?.data as Layout | undefined), table: [tableLook(tokens)] },
    layout: { ...pageLayout(tokens), ...dataColors(own?.layout as Layout | undefined) },
  };
}

function dataColors(layout: Layout | undefined): Layout {
  const { colorway, colorscale } = layout ?? {};
  return { ...(colorway ? { colorway } : {}), ...(colorscale ? { colorscale } : {}) };
}

/** Scales of colours by type of trace. */
function scalesOf(data: Layout | undefined): Layout {
  const scales = Object.entries(data ?? {}).flatMap(([type, looks]) => {
    const colorscale = (looks as Layout[])[0]?.colorscale;
    return colorscale ? [[type, [{ colorscale }]]] : [];
  });
  return Object.fromEntries(scales);
}

function tableLook(tokens: Tokens): object {
  const line = { color: tokens.line2 };
  return {
    header: { fill: { color: tokens.bg2 }, font: { color: tokens.ink }, line },
    cells: { fill: { color: tokens.bg }, font: { color: tokens.ink2 }, line },
  };
}

function pageLayout(tokens: Tokens): Layout {
  const axis = { gridcolor: tokens.grid, zerolinecolor: tokens.line2, linecolor: tokens.line2 };
  const flat = { ...axis, automargin: true };
  const spatial = { ...axis, gridcolor: tokens.line2, showbackground: false };
  const bgcolor = tokens.bg;
  return {
    paper_bgcolor: tokens.bg,
    plot_bgcolor: tokens.bg,
    font: { family: tokens.font, size: 12, color: tokens.ink2 },
    hoverlabel: { font: { family: tokens.font } },
    xaxis: flat,
    yaxis: flat,
    scene: { xaxis: spatial, yaxis: spatial, zaxis: spatial },
    polar: { bgcolor, angularaxis: axis, radialaxis: axis },
    ternary: { bgcolor, aaxis: axis, baxis: axis, caxis: axis },
    smith: { bgcolor, realaxis: axis, imaginaryaxis: axis },
    geo: geoLook(tokens),
    ...controlLooks(tokens),
  };
}

function controlLooks(tokens: Tokens): Layout {
  const bordercolor = tokens.line2;
  const control = { bgcolor: tokens.bg2, bordercolor, font: { color: tokens.ink } };
  return {
    updatemenudefaults: control,
    sliderdefaults: { bgcolor: tokens.line2, bordercolor, tickcolor: tokens.ink3 },
    annotationdefaults: { arrowcolor: tokens.ink2 },
    shapedefaults: { line: { color: tokens.ink2 } },
    modebar: { bgcolor: 'rgba(0,0,0,0)', color: tokens.ink3, activecolor: tokens.ink },
  };
}

function geoLook(tokens: Tokens): object {
  return {
    bgcolor: tokens.bg,
    landcolor: tokens.bg2,
    showland: true,
    lakecolor: tokens.bg,
    subunitcolor: tokens.line2,
    countrycolor: tokens.line2,
    coastlinecolor: tokens.line2,
    framecolor: tokens.line2,
  };
}
