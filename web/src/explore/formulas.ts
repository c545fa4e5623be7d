/** LaTeX between dollars as text with Greek letters, signs, and Plotly's own sup and sub: the
 * renderer that Plotly asks for would be fetched from another host. */

const FORMULA = /\$([^$]+)\$/g;
/** What makes text between dollars a formula and not a sum of money. */
const IS_FORMULA = /[\\^_{}=]|^\s*[A-Za-z]\s*$/;

const LETTERS =
  'alpha α beta β gamma γ delta δ epsilon ε varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ lambda λ mu μ nu ν xi ξ pi π rho ρ sigma σ tau τ upsilon υ phi φ varphi φ chi χ psi ψ omega ω ' +
  'Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Phi Φ Psi Ψ Omega Ω ';
const SIGNS =
  'times × cdot · pm ± mp ∓ leq ≤ le ≤ geq ≥ ge ≥ neq ≠ ne ≠ approx ≈ sim ∼ equiv ≡ propto ∝ infty ∞ partial ∂ nabla ∇ sum ∑ prod ∏ int ∫ to → rightarrow → leftarrow ← Rightarrow ⇒ in ∈ notin ∉ subset ⊂ cup ∪ cap ∩ forall ∀ exists ∃ degree ° circ ° ldots … cdots ⋯ dots … ell ℓ hbar ℏ angle ∠ perp ⊥ parallel ∥ ast ∗ star ⋆ odot ⊙ oplus ⊕ otimes ⊗ ll ≪ gg ≫ langle ⟨ rangle ⟩ prime ′ quad  ';
const WORDS = new Map(
  [...`${LETTERS}${SIGNS}`.matchAll(/(\w+) (\S?) /g)].map(([, name, sign]) => [name, sign || ' ']),
);
/** Commands that only say how what follows looks. */
const LOOKS =
  /\\(?:text|mathrm|mathbf|mathit|mathcal|mathbb|mathdefault|boldsymbol|operatorname|hat|bar|vec|tilde|left|right|displaystyle|rm|bf|it)(?![A-Za-z])\s*/g;
const GROUP = '\\{([^{}]*)\\}';

/** A copy whose texts have no formulas; arrays of numbers are kept as they are. */
export function withoutFormulas<Part>(part: Part): Part {
  if (typeof part === 'string') return plainText(part) as Part;
  if (Array.isArray(part)) {
    const plain = part.every((one) => typeof one === 'number' || one === null);
    return plain ? part : (part.map(withoutFormulas) as Part);
  }
  if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return part;
  const entries = Object.entries(part).map(([key, value]) => [key, withoutFormulas(value)]);
  return Object.fromEntries(entries) as Part;
}

export function plainText(text: string): string {
  if (!text.includes('$')) return text;
  return text.replace(FORMULA, (whole, formula) =>
    IS_FORMULA.test(formula) ? written(formula) : whole,
  );
}

function written(formula: string): string {
  let text = formula.replace(LOOKS, '').replace(/\\[,;:! ]/g, ' ');
  for (let before = ''; before !== text; ) {
    before = text;
    text = text
      .replace(new RegExp(`\\\\d?frac\\s*${GROUP}\\s*${GROUP}`), '($1)/($2)')
      .replace(new RegExp(`\\\\sqrt\\s*${GROUP}`), '√($1)')
      .replace(new RegExp(`\\^\\s*${GROUP}`), '<sup>$1</sup>')
      .replace(new RegExp(`_\\s*${GROUP}`), '<sub>$1</sub>')
      .replace(/(^|[^\\^_}\w])\{([^{}]*)\}/, '$1$2');
  }
  return text
    .replace(/\^(\\[A-Za-z]+|[^\s<])/g, '<sup>$1</sup>')
    .replace(/_(\\[A-Za-z]+|[^\s<])/g, '<sub>$1</sub>')
    .replace(/\\([A-Za-z]+)/g, (_, name) => WORDS.get(name) ?? name)
    .replace(/\\([%&#$_{}])/g, '$1')
    .replace(/[{}]/g, '')
    .trim();
}
