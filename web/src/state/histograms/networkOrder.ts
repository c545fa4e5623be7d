/**
 * The order of a model's tensors as its graph has it, which the official client keeps in a file
 * (`watch(log_graph=True)`): its history says them in the order of letters.
 */

import { useEffect, useMemo, useState } from 'preact/hooks';
import { ApiError, getBytes } from '../../api/client';
import type { Run, TensorResponse } from '../../api/types';
import { tensorName } from '../../math/layers';
import type { Json } from '../../model/json';

interface GraphFile {
  nodes?: { name?: string; parameters?: [name: string, shape: number[]][] }[];
}

const GRAPH = /^graph_(\d+)$/;
const SHA256 = /^[0-9a-f]{64}$/;

/** Files of the graphs in the summary, by number. */
function filesOf({ summary }: Run): [number: number, sha256: string][] {
  return Object.entries(summary).flatMap(([key, value]): [number, string][] => {
    const number = GRAPH.exec(key)?.[1];
    const file = value as { _type?: Json; sha256?: Json } | null;
    const hash = file?._type === 'graph-file' ? String(file.sha256) : '';
    return number !== undefined && SHA256.test(hash) ? [[Number(number), hash]] : [];
  });
}

/** What tells whether a run has other graphs than before. */
const graphsOf = (run: Run): string => JSON.stringify(filesOf(run));

/** Names of all parameters in the order in which the layers ran; empty where no graph is known. */
async function networkOrder(run: Run): Promise<string[]> {
  const found = filesOf(run).sort(([a], [b]) => a - b);
  const orders = await Promise.all(found.map(([number, sha256]) => namesIn(number, sha256)));
  return orders.flat();
}

/** Tensors of a second model have its number before their names. */
async function namesIn(number: number, sha256: string): Promise<string[]> {
  const graph = await readGraph(sha256);
  const before = number > 0 ? `graph_${number}` : '';
  return (graph.nodes ?? []).flatMap(({ name = '', parameters = [] }) =>
    parameters.map(([own]) => `${before}${[name, own].filter(Boolean).join('.')}`),
  );
}

/** A file that is not here yet, or is no graph, says nothing. */
async function readGraph(sha256: string): Promise<GraphFile> {
  try {
    return JSON.parse(await (await getBytes(`/api/blobs/${sha256}`)).text()) as GraphFile;
  } catch (error) {
    if (error instanceof ApiError || error instanceof SyntaxError) return {};
    throw error;
  }
}

/** Tensors that the order names come in it; others stay behind them as they were. */
function inOrder(answer: TensorResponse, order: string[]): TensorResponse {
  const places = new Map(order.map((name, place) => [name, place]));
  const placeOf = (key: string) => places.get(tensorName(key)) ?? order.length;
  const tensors = [...answer.tensors].sort((a, b) => placeOf(a.key) - placeOf(b.key));
  return { ...answer, tensors };
}

/** Our client sends tensors in the order of the model; for others its graph says it, if logged. */
export function useInOrder(
  answer: TensorResponse | undefined,
  run: Run,
  estimated: boolean,
): TensorResponse | undefined {
  const [order, setOrder] = useState<string[]>([]);
  const graphs = estimated ? graphsOf(run) : '';
  useEffect(() => {
    let live = true;
    if (graphs) void networkOrder(run).then((found) => live && setOrder(found));
    return () => {
      live = false;
    };
  }, [run.uid, graphs]);
  return useMemo(
    () => (answer && order.length > 0 ? inOrder(answer, order) : answer),
    [answer, order],
  );
}
