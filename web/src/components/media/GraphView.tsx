/** A graph of layers: drawn in rows where it has edges, and as a table. */

import { useMemo } from 'preact/hooks';
import { ApiError } from '../../api/client';
import { BOX, type Graph, type GraphNode, layered, readGraph } from '../../math/graph';
import type { MediaItem } from '../../math/media';
import { counted, formatCount } from '../../math/numbers';
import type { JsonObject } from '../../model/json';
import { useJson } from '../../state/media/hooks';
import './media.css';

/** Larger drawings can't be read; the table still can. */
const MOST_DRAWN = 300;
const INDENT_PIXELS = 16;
const MARGIN_PIXELS = 4;

interface GraphItemProps {
  uid: number;
  item: MediaItem;
  name: string;
}

export function GraphItem({ uid, item, name }: GraphItemProps) {
  const value = useJson<JsonObject>(uid, item);
  if (value instanceof ApiError) return <p class="bad t12">{value.message}</p>;
  return value && <GraphView value={value} name={name} />;
}

interface GraphViewProps {
  value: JsonObject;
  /** Tells this graph from others on the page. */
  name: string;
}

export function GraphView({ value, name }: GraphViewProps) {
  const graph = useMemo(() => readGraph(value), [value]);
  const { nodes, edges } = graph;
  const drawn = edges.length > 0 && nodes.length <= MOST_DRAWN;
  const total = nodes.reduce((sum, { count }) => sum + (count ?? 0), 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus
    <section class="graph" tabIndex={0} aria-label={`Graph ${name}`}>
      <p class="t12 mid">
        {counted(nodes.length, 'layer')}
        {edges.length > 0 && `, ${counted(edges.length, 'edge')}`}, {counted(total, 'parameter')}
        {edges.length > 0 && !drawn && `; more than ${MOST_DRAWN} are not drawn`}
      </p>
      {drawn && <Picture graph={graph} />}
      <Layers graph={graph} total={total} />
    </section>
  );
}

const last = (name: string): string => name.slice(name.lastIndexOf('.') + 1);
/** `Linear` of `Linear(in_features=4, out_features=8, bias=True)`. */
const shortKind = (kind: string): string => kind.split('(')[0];

function Picture({ graph }: { graph: Graph }) {
  const { width, height, boxes, paths } = useMemo(() => layered(graph), [graph]);
  const size = { width: width + 2 * MARGIN_PIXELS, height: height + 2 * MARGIN_PIXELS };
  return (
    <svg
      {...size}
      viewBox={`${-MARGIN_PIXELS} ${-MARGIN_PIXELS} ${size.width} ${size.height}`}
      role="img"
      aria-label={`${counted(graph.nodes.length, 'layer')} and their ${counted(graph.edges.length, 'edge')}, listed in the table`}
    >
      {paths.map((path, i) => (
        <path key={i} d={path} />
      ))}
      {boxes.map(({ x, y }, i) => (
        <Box key={graph.nodes[i].id} node={graph.nodes[i]} x={x} y={y} />
      ))}
    </svg>
  );
}

function Box({ node, x, y }: { node: GraphNode; x: number; y: number }) {
  return (
    <foreignObject x={x} y={y} width={BOX.width} height={BOX.height}>
      <div class="node t11" title={`${node.name}\n${node.kind}`}>
        <b class="ell">{last(node.name)}</b>
        <span class="ell mid">
          {shortKind(node.kind)}
          {node.output && ` · ${node.output}`}
        </span>
      </div>
    </foreignObject>
  );
}

function Layers({ graph: { nodes, edges }, total }: { graph: Graph; total: number }) {
  const sources = useMemo(() => {
    const found = nodes.map((): string[] => []);
    for (const [from, to] of edges) found[to].push(last(nodes[from].name));
    return found;
  }, [nodes, edges]);
  const hasOutput = nodes.some(({ output }) => output);
  return (
    <table class="table">
      <thead>
        <tr>
          <th>Layer</th>
          <th>Type</th>
          {edges.length > 0 && <th>After</th>}
          {hasOutput && <th>Output</th>}
          <th>Shapes</th>
          <th class="r-num">Parameters</th>
          <th class="r-num">Share</th>
        </tr>
      </thead>
      <tbody>
        {nodes.map((node, i) => (
          <tr key={node.id}>
            <td style={{ paddingLeft: (node.depth + 1) * INDENT_PIXELS }} title={node.name}>
              <span class="dim">{node.name.slice(0, -last(node.name).length)}</span>
              <b>{last(node.name)}</b>
            </td>
            <td class="mid">{node.kind}</td>
            {edges.length > 0 && <td class="mid">{sources[i].join(', ') || '–'}</td>}
            {hasOutput && <td class="mid">{node.output || '–'}</td>}
            <td class="mid">
              {node.parameters.map(({ name, shape }) => `${name} ${shape}`).join(', ') || '–'}
            </td>
            <td class="r-num">{node.count === null ? '–' : formatCount(node.count)}</td>
            <td class="r-num mid">{total && node.count ? percent(node.count / total) : '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
