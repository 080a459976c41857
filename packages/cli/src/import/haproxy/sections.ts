import type { Origin } from '../findings.ts';
import { wordsOf } from './words.ts';

export interface Statement extends Origin {
  readonly words: readonly string[];
}

export interface Section {
  readonly keyword: string;
  /** Empty when it has none. */
  readonly name: string;
  readonly origin: Origin;
  readonly statements: readonly Statement[];
}

/** Keywords that begin a section (configuration manual, §3 and §4). */
const SECTIONS = new Set([
  'global',
  'defaults',
  'frontend',
  'backend',
  'listen',
  'userlist',
  'peers',
  'mailers',
  'resolvers',
  'cache',
  'program',
  'ring',
  'http-errors',
  'fcgi-app',
  'crt-store',
  'log-forward',
  'traces',
]);

/** The sections of a file. What stands before the first of them is a section without a keyword. */
export function sectionsOf(file: string, text: string): Section[] {
  const sections: { keyword: string; name: string; origin: Origin; statements: Statement[] }[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const words = wordsOf(line);
    const [keyword] = words;
    if (keyword === undefined) continue;
    const statement = { words, file, line: index + 1, text: line.trim() };
    if (SECTIONS.has(keyword)) {
      sections.push({ keyword, name: words[1] ?? '', origin: statement, statements: [] });
    } else {
      if (sections.length === 0) sections.push({ keyword: '', name: '', origin: statement, statements: [] });
      sections.at(-1)?.statements.push(statement);
    }
  }
  return sections;
}
