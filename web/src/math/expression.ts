/**
 * Expressions over metrics, such as `log(${train/loss}) / ${val/loss}`: a parser of our own that
 * makes a function of the metrics' values. Nothing that a user types is run as code.
 *
 *     sum     = term (("+" | "-") term)*
 *     term    = unary (("*" | "/") unary)*
 *     unary   = ("-" | "+") unary | power
 *     power   = atom ("**" unary)?
 *     atom    = number | "${" name "}" | function "(" sum ("," sum)* ")" | "(" sum ")"
 */

/** What is wrong with a text that a user has typed, and where. */
export class SyntaxFault extends Error {
  constructor(
    message: string,
    readonly at: number,
    readonly length: number,
  ) {
    super(message);
  }
}

/** A name of a text and where it stands. */
export interface Place {
  name: string;
  at: number;
  length: number;
}

export interface Expression {
  /** The names in `${}`, each once, in the order in which `evaluate` takes their values. */
  names: Place[];
  evaluate(values: ArrayLike<number>): number;
}

type Evaluate = Expression['evaluate'];

interface Token {
  kind: 'number' | 'name' | 'word' | 'sign' | 'end';
  text: string;
  at: number;
  length: number;
}

const ONE_OF: Partial<Record<string, (value: number) => number>> = {
  abs: Math.abs,
  exp: Math.exp,
  log: Math.log,
  log10: Math.log10,
  sqrt: Math.sqrt,
};

/** A value that is no number makes the result none, as of `Math.min`. */
const SOME_OF: Record<string, (...values: number[]) => number> = { min: Math.min, max: Math.max };

const FUNCTIONS = [...Object.keys(ONE_OF), ...Object.keys(SOME_OF)];
const MOST_NESTED = 100;

const PATTERNS: [Token['kind'], RegExp][] = [
  ['number', /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['name', /\$\{([^}]*)\}/y],
  ['word', /[A-Za-z_][\w/.]*/y],
  ['sign', /\*\*|[-+*/(),]/y],
];

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let at = text.length - text.trimStart().length;
  while (at < text.length) {
    const token = tokenAt(text, at);
    tokens.push(token);
    at += token.length;
    while (/\s/.test(text[at] ?? '')) at++;
  }
  return [...tokens, { kind: 'end', text: '', at: text.trimEnd().length, length: 1 }];
}

function tokenAt(text: string, at: number): Token {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) return { kind, text: found[1] ?? found[0], at, length: found[0].length };
  }
  if (text.startsWith('${', at)) throw new SyntaxFault('the } of this metric is missing', at, 2);
  if (text[at] === '^') throw new SyntaxFault('a power is written **', at, 1);
  throw new SyntaxFault(`${text[at]} has no meaning here`, at, 1);
}

class Parser {
  readonly names: Place[] = [];
  private readonly tokens: Token[];
  private next = 0;
  private depth = 0;

  constructor(text: string) {
    this.tokens = tokensOf(text);
  }

  parse(): Evaluate {
    if (this.ended) throw fault('there is nothing to compute', this.token);
    const whole = this.sum();
    if (!this.ended) throw this.unexpected('an operator');
    return whole;
  }

  private get token(): Token {
    return this.tokens[this.next];
  }

  private get ended(): boolean {
    return this.token.kind === 'end';
  }

  private take(...signs: string[]): string | null {
    const { kind, text } = this.token;
    if (kind !== 'sign' || !signs.includes(text)) return null;
    this.next++;
    return text;
  }

  private unexpected(expected: string): SyntaxFault {
    const { token } = this;
    if (token.kind === 'end') return fault(`${expected} is missing at the end`, token);
    return fault(`${expected} is missing before ${shown(token)}`, token);
  }

  private sum(): Evaluate {
    let left = this.term();
    for (let sign = this.take('+', '-'); sign; sign = this.take('+', '-')) {
      const [a, b] = [left, this.term()];
      left = sign === '+' ? (v) => a(v) + b(v) : (v) => a(v) - b(v);
    }
    return left;
  }

  private term(): Evaluate {
    let left = this.unary();
    for (let sign = this.take('*', '/'); sign; sign = this.take('*', '/')) {
      const [a, b] = [left, this.unary()];
      left = sign === '*' ? (v) => a(v) * b(v) : (v) => a(v) / b(v);
    }
    return left;
  }

  /** A sign binds looser than a power: −2 ** 2 is −4. */
  private unary(): Evaluate {
    if (++this.depth > MOST_NESTED) throw fault('this is nested too deeply', this.token);
    const sign = this.take('-', '+');
    const inner = sign ? this.unary() : this.power();
    this.depth--;
    return sign === '-' ? (v) => -inner(v) : inner;
  }

  private power(): Evaluate {
    const base = this.atom();
    if (!this.take('**')) return base;
    const exponent = this.unary();
    return (v) => base(v) ** exponent(v);
  }

  private atom(): Evaluate {
    const { token } = this;
    if (this.take('(')) return this.closed(this.sum(), token);
    if (token.kind === 'end' || token.kind === 'sign') throw this.unexpected('a value');
    this.next++;
    if (token.kind === 'number') {
      const value = Number(token.text);
      return () => value;
    }
    return token.kind === 'name' ? this.metric(token) : this.call(token);
  }

  private closed(inner: Evaluate, opening: Token): Evaluate {
    if (this.take(')')) return inner;
    if (this.ended) throw fault('this ( is never closed', opening);
    throw this.unexpected('an operator or )');
  }

  private metric({ text, at, length }: Token): Evaluate {
    const name = text.trim();
    if (!name) throw new SyntaxFault('the name of the metric is missing', at, length);
    let index = this.names.findIndex((known) => known.name === name);
    if (index < 0) index = this.names.push({ name, at, length }) - 1;
    return (v) => v[index];
  }

  private call(word: Token): Evaluate {
    const { text } = word;
    const opening = this.token;
    if (!this.take('(')) {
      if (FUNCTIONS.includes(text)) throw fault(`${text} needs its values in ( )`, word);
      throw fault(`a metric is written \${${text}}`, word);
    }
    if (!FUNCTIONS.includes(text)) {
      throw fault(`there is no function ${text}: there are ${FUNCTIONS.join(', ')}`, word);
    }
    const values = [this.sum()];
    while (this.take(',')) values.push(this.sum());
    this.closed(values[0], opening);
    return applied(word, values);
  }
}

function applied(word: Token, values: Evaluate[]): Evaluate {
  const one = ONE_OF[word.text];
  if (one && values.length > 1) throw fault(`${word.text} takes one value`, word);
  if (one) return (v) => one(values[0](v));
  if (values.length < 2) throw fault(`${word.text} takes two values or more`, word);
  const some = SOME_OF[word.text];
  return (v) => some(...values.map((value) => value(v)));
}

const shown = ({ kind, text }: Token): string => (kind === 'name' ? `\${${text}}` : text);

const fault = (message: string, { at, length }: Token): SyntaxFault =>
  new SyntaxFault(message, at, length);

/** Throws a SyntaxFault for what is no expression. */
export function parseExpression(text: string): Expression {
  const parser = new Parser(text);
  const evaluate = parser.parse();
  if (parser.names.length === 0) {
    throw new SyntaxFault('there is no metric in it', 0, Math.max(1, text.length));
  }
  return { names: parser.names, evaluate };
}
