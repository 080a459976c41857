import { ID_PREFIXES, type IdKind, idPattern } from '@evenkeel/model/id-kinds.ts';
import { EXIT } from '../exit-codes.ts';
import { wordsOf } from '../explain.ts';
import { CliFailure } from '../failure.ts';
import { oneLine } from '../output/text.ts';
import { type Kind, loadBalancers, type Part } from './kinds.ts';
import type { Session } from './session.ts';

/** Candidates of an ambiguous name that are shown. */
const SHOWN = 10;

const KINDS = Object.keys(ID_PREFIXES) as IdKind[];
const patterns = new Map(KINDS.map((kind) => [kind, new RegExp(idPattern(kind))]));

/** Whether the text is an identifier of this kind. Throws when it is one of another kind. */
export function isIdOf(kind: IdKind, text: string): boolean {
  const actual = KINDS.find((candidate) => patterns.get(candidate)?.test(text));
  if (actual === undefined || actual === kind) return actual === kind;
  throw new CliFailure(EXIT.usage, `${text} is the identifier of a ${wordsOf(actual)}, not of a ${wordsOf(kind)}.`);
}

/** The load balancer or elastic IP that a name or identifier means. */
export async function resolve<T extends { id: string; name: string }>(
  session: Session,
  kind: Kind<T>,
  text: string,
): Promise<T> {
  if (isIdOf(kind.id, text)) return kind.get(session.client, text);
  const { items } = await kind.named(session.client, plainName(kind.noun, text));
  if (items.length === 0) throw notFound(kind.noun, text);
  return items[0];
}

/**
 * The part of a load balancer that an identifier, a name, or `load balancer/name` means. `scope` names the load
 * balancer to look in; without it, a name that two load balancers use is refused with the candidates.
 */
export async function resolvePart<T extends Part>(
  session: Session,
  kind: Kind<T>,
  text: string,
  scope?: string,
): Promise<T> {
  if (isIdOf(kind.id, text)) return kind.get(session.client, text);
  const slash = text.indexOf('/');
  const owner = slash < 0 ? scope : text.slice(0, slash);
  const name = plainName(kind.noun, text.slice(slash + 1));
  const lb = owner === undefined ? undefined : (await resolve(session, loadBalancers, owner)).id;
  const { items } = await kind.named(session.client, name, lb);
  if (items.length === 0) throw notFound(kind.noun, text);
  if (items.length > 1) throw await ambiguousPart(session, kind.noun, text, items);
  return items[0];
}

export function notFound(noun: string, text: string): CliFailure {
  return new CliFailure(EXIT.notFound, `there is no ${noun} "${oneLine(text)}".`);
}

export function ambiguous(noun: string, text: string, candidates: readonly string[]): CliFailure {
  const more = candidates.length > SHOWN ? [`and ${candidates.length - SHOWN} more`] : [];
  return new CliFailure(EXIT.usage, `there are several ${noun}s "${oneLine(text)}"; say which one:`, [
    ...candidates.slice(0, SHOWN),
    ...more,
  ]);
}

async function ambiguousPart(
  session: Session,
  noun: string,
  text: string,
  items: readonly Part[],
): Promise<CliFailure> {
  const shown = await Promise.all(
    items.map(async (item, index) => {
      if (index >= SHOWN) return item.id;
      return `${(await loadBalancers.get(session.client, item.loadBalancerId)).name}/${item.name} (${item.id})`;
    }),
  );
  return ambiguous(noun, text, shown);
}

/** A name as the API's filter takes it; anything that cannot be a name cannot be found either. */
export function plainName(noun: string, text: string): string {
  if (!/^[\p{L}\p{N}_.-]{1,80}$/u.test(text)) throw notFound(noun, text);
  return text;
}
