import { EXIT } from '../../exit-codes.ts';
import { CliFailure } from '../../failure.ts';
import { type Directive, type Token, tokensOf } from './words.ts';

/** What an `include` stands for; null when it cannot be read. */
export type Include = (
  pattern: string,
  from: string,
) => readonly { readonly file: string; readonly text: string }[] | null;

/** Files within files, so that one that includes itself comes to an end. */
const DEPTH = 10;

/**
 * The directives of a file, with those of the files that it includes in their place. An `include` that cannot be read
 * stays as it is. Throws a CliFailure that names the place where the file is not nginx's configuration.
 */
export function directivesOf(file: string, text: string, include: Include, depth = 0): Directive[] {
  const reader = new Reader(file, tokensOf(text));
  const directives = reader.block(false);
  return expanded(directives, file, include, depth);
}

function expanded(directives: readonly Directive[], from: string, include: Include, depth: number): Directive[] {
  return directives.flatMap((directive) => {
    if (directive.name === 'include' && depth < DEPTH) {
      const files = include(directive.args[0] ?? '', from);
      if (files !== null) return files.flatMap(({ file, text }) => directivesOf(file, text, include, depth + 1));
    }
    if (directive.block === null) return [directive];
    return [{ ...directive, block: expanded(directive.block, from, include, depth) }];
  });
}

class Reader {
  readonly #file: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(file: string, tokens: readonly Token[]) {
    this.#file = file;
    this.#tokens = tokens;
  }

  block(inside: boolean): Directive[] {
    const directives: Directive[] = [];
    for (;;) {
      const token = this.#tokens[this.#at];
      if (token === undefined) {
        if (inside) throw this.#wrong(this.#tokens.at(-1)?.line ?? 1, 'ends before a block is closed');
        return directives;
      }
      if (token.sign && token.text === '}') {
        if (!inside) throw this.#wrong(token.line, 'closes a block that was not opened');
        this.#at++;
        return directives;
      }
      if (token.sign) {
        if (token.text === '{') throw this.#wrong(token.line, 'opens a block without a name');
        this.#at++;
      } else directives.push(this.#directive());
    }
  }

  #directive(): Directive {
    const words: string[] = [];
    const line = this.#tokens[this.#at]!.line;
    for (let token = this.#tokens[this.#at]; token !== undefined; token = this.#tokens[this.#at]) {
      this.#at++;
      if (!token.sign) {
        words.push(token.text);
        // Code of another language is no configuration.
        if (words.length === 1 && words[0]!.endsWith('_by_lua_block')) return this.#code(words[0]!, line);
      } else if (token.text === '}') throw this.#wrong(token.line, 'has no ; before }');
      else {
        const [name = '', ...args] = words;
        const block = token.text === '{' ? this.block(true) : null;
        return { name, args, block, file: this.#file, line, text: words.join(' ') };
      }
    }
    throw this.#wrong(line, 'ends in the middle of a directive');
  }

  #code(name: string, line: number): Directive {
    let depth = 0;
    do {
      const token = this.#tokens[this.#at++];
      if (token === undefined) throw this.#wrong(line, 'ends before a block is closed');
      if (token.sign && token.text === '{') depth++;
      if (token.sign && token.text === '}') depth--;
    } while (depth > 0);
    return { name, args: [], block: null, file: this.#file, line, text: name };
  }

  #wrong(line: number, detail: string): CliFailure {
    return new CliFailure(EXIT.usage, `${this.#file}:${line}: ${detail}: this is no configuration of nginx.`);
  }
}
