/** Text with the common marks of Markdown, made of elements: nothing in it is taken as HTML. */

import type { ComponentChildren } from 'preact';
import './text.css';

const INLINE = /(`[^`]+`|\*\*[^*]+\*\*|\*[^*]+\*|\[[^\]]+\]\((?:https?:\/\/|\/)[^)\s]+\))/;

function inline(text: string): ComponentChildren[] {
  return text.split(INLINE).map((part) => {
    if (part.startsWith('`') && part.length > 2) return <code>{part.slice(1, -1)}</code>;
    if (part.startsWith('**') && part.length > 4) return <b>{part.slice(2, -2)}</b>;
    if (part.startsWith('*') && part.length > 2) return <em>{part.slice(1, -1)}</em>;
    const link = /^\[([^\]]+)\]\(([^)\s]+)\)$/.exec(part);
    if (!link) return part;
    return (
      <a class="link" href={link[2]} target="_blank" rel="noreferrer">
        {link[1]}
      </a>
    );
  });
}

function block(text: string): ComponentChildren {
  const lines = text.split('\n');
  const heading = /^(#{1,4})\s+(.*)$/.exec(text);
  if (heading && lines.length === 1) {
    return <p class={`h${heading[1].length}`}>{inline(heading[2])}</p>;
  }
  if (lines.every((line) => /^\s*[-*]\s+/.test(line))) {
    return (
      <ul>
        {lines.map((line) => (
          <li key={line}>{inline(line.replace(/^\s*[-*]\s+/, ''))}</li>
        ))}
      </ul>
    );
  }
  if (lines.every((line) => /^\s*\d+\.\s+/.test(line))) {
    return (
      <ol>
        {lines.map((line) => (
          <li key={line}>{inline(line.replace(/^\s*\d+\.\s+/, ''))}</li>
        ))}
      </ol>
    );
  }
  return <p>{inline(lines.join(' '))}</p>;
}

/** Fenced code stays as it is; the rest are blocks between empty lines, headings by themselves. */
export function Markdown({ text }: { text: string }) {
  const parts = text.split(/^```.*$/m);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must take the focus
    <section class="markdown" tabIndex={0} aria-label="Text">
      {parts.flatMap((part, i) =>
        i % 2
          ? [<pre key={part}>{part.trim()}</pre>]
          : part
              .replace(/^(#{1,4}\s.*)$/gm, '\n$1\n')
              .split(/\n\s*\n/)
              .filter((piece) => piece.trim())
              .map((piece) => block(piece.trim())),
      )}
    </section>
  );
}
