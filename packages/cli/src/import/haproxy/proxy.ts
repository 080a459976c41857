import type { Section, Statement } from './sections.ts';
import { Statements } from './statements.ts';

/** A `frontend`, `backend` or `listen` with what its defaults say. */
export interface Proxy {
  readonly section: Section;
  readonly mode: 'http' | 'tcp';
  readonly statements: Statements;
}

/**
 * The proxies of a file. A `defaults` section counts for those behind it up to the next one, a named one for those that
 * say `from` it (manual, §4).
 */
export function proxiesOf(sections: readonly Section[]): Proxy[] {
  const named = new Map<string, Section>();
  let current: Section | null = null;
  const proxies: Proxy[] = [];
  for (const section of sections) {
    if (section.keyword === 'defaults') {
      current = section;
      named.set(section.name, section);
    }
    if (!['frontend', 'backend', 'listen'].includes(section.keyword)) continue;
    const from = / from (\S+)/.exec(section.origin.text)?.[1];
    const defaults = (from === undefined ? current : named.get(from))?.statements ?? [];
    const statements = new Statements([...defaults, ...section.statements]);
    const mode = statements.last('mode')?.words[1] === 'http' ? 'http' : 'tcp';
    proxies.push({ section, mode, statements });
  }
  return proxies;
}

/** What none of the proxies that it counts for has taken. */
export function untakenOf(proxies: readonly Proxy[]): Statement[] {
  const taken = new Set(proxies.flatMap(({ statements }) => statements.taken));
  return [...new Set(proxies.flatMap(({ statements }) => statements.untaken))].filter((one) => !taken.has(one));
}
