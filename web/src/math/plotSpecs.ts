/** Charts of `wandb.plot` as the client names them in a run's config, each over a logged table. */

import type { Json, JsonObject } from '../model/json';

export interface PlotSpec {
  /** What the user logged the chart under. */
  key: string;
  tableKey: string;
  /** Name of the Vega specification, such as `wandb/line/v0`. */
  name: string;
  /** Fields of the specification and the columns that they are drawn from. */
  fields: Record<string, string>;
  /** Titles and the like. */
  strings: Record<string, string>;
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const object = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

const texts = (value: Json | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(object(value)).filter((entry): entry is [string, string] => {
      return typeof entry[1] === 'string' && entry[1] !== '';
    }),
  );

/** `tableKey` of the query by which W&B's page asks for the table, wherever it stands in it. */
function tableKeyOf(query: Json | undefined): string | null {
  if (typeof query !== 'object' || query === null) return null;
  if (isObject(query) && query.name === 'tableKey') {
    return typeof query.value === 'string' ? query.value : null;
  }
  for (const part of Object.values(query)) {
    const found = tableKeyOf(part);
    if (found !== null) return found;
  }
  return null;
}

function plotSpec([key, entry]: [string, Json]): PlotSpec[] {
  const config = object(object(entry).panel_config);
  const { panelDefId: name, fieldSettings, stringSettings, userQuery } = config;
  if (typeof name !== 'string') return [];
  const tableKey = tableKeyOf(userQuery) ?? `${key}_table`;
  return [{ key, tableKey, name, fields: texts(fieldSettings), strings: texts(stringSettings) }];
}

/** `wandb.visualize`: the table has the key of the chart, and its columns the names of the fields. */
function visualizeSpec([key, entry]: [string, Json]): PlotSpec[] {
  const { id: name } = object(entry);
  if (typeof name !== 'string') return [];
  return [{ key, tableKey: key, name, fields: {}, strings: {} }];
}

export function plotSpecs(config: JsonObject): PlotSpec[] {
  const own = object(config._wandb);
  return [
    ...Object.entries(object(own.visualize)).flatMap(plotSpec),
    ...Object.entries(object(own.viz)).flatMap(visualizeSpec),
  ];
}
