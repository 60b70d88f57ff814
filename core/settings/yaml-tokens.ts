import { Lexer, type LineCounter, Parser } from 'yaml';

/** Maximum number of YAML tokens in a file. Each value has several tokens, including spaces and line ends. */
const MAX_TOKENS = 1_500_000;

/** Why a text is not read: the rest of a sentence that begins with the file, and an offset in characters. */
export class Refused extends Error {
  readonly offset: number;

  constructor(problem: string, offset: number) {
    super(problem);
    this.offset = offset;
  }
}

/**
 * Characters that YAML does not allow, and those that only some readers treat as line breaks or ignore: a lone carriage
 * return, U+0085, U+2028, U+2029, and a byte order mark after the beginning. With them, a comment could hide a key.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it finds
const FORBIDDEN = /[\0-\x08\v\f\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\p{Cs}]|\r(?!\n)|(?<!^)\ufeff/u;

/**
 * Parses a text, unless it would take the parser too much time or memory.
 *
 * @throws {Refused}
 */
export function* tokensOf(text: string, maxDepth: number, lines: LineCounter) {
  const forbidden = FORBIDDEN.exec(text);
  if (forbidden) throw new Refused('has a character that YAML readers do not agree on', forbidden.index);
  refuseHostile(text, maxDepth);
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const token of lenientLexer().lex(text)) yield* parser.next(token);
  yield* parser.end();
}

function refuseHostile(text: string, maxDepth: number): void {
  let tokens = 0;
  let depth = 0;
  let indicators = 0;
  let offset = 0;
  for (const token of lenientLexer().lex(text)) {
    // The lexer adds these tokens. They are not in the text.
    if (token !== '\u0002' && token !== '\u0018' && token !== '\u001f') offset += token.length;
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    // `- - -` and `? ? ?` nest on one line.
    if (token === '-' || token === '?' || token === ':') indicators++;
    else if (token.trim() !== '' || token.includes('\n')) indicators = 0;
    if (Math.max(depth, indicators) > maxDepth) throw new Refused('is nested too deeply', offset);
    if (++tokens > MAX_TOKENS) throw new Refused('has too many values', offset);
  }
}

/**
 * Returns a lexer that ignores indentation inside of brackets and quotes, as libyaml does, and so kubectl and
 * CloudFormation. YAML 1.2 (8.1, flow in block) requires it, and the library has no option for it.
 */
function lenientLexer(): Lexer {
  const lexer = new Lexer();
  const inner = lexer as unknown as Record<'parseFlowCollection' | 'parseQuotedScalar', () => Generator<string>> & {
    indentNext: number;
  };
  for (const method of ['parseFlowCollection', 'parseQuotedScalar'] as const) {
    const strict = inner[method];
    inner[method] = function* () {
      const { indentNext } = this;
      this.indentNext = 0;
      const next = yield* strict.call(this);
      this.indentNext = indentNext;
      return next;
    };
  }
  return lexer;
}
