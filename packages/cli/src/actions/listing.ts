import { PAGE } from '@evenkeel/model/limits.ts';
import type { OptionValues } from 'commander';
import { Names } from './columns.ts';
import { loadBalancers } from './kinds.ts';
import { resolve } from './reference.ts';
import type { Session } from './session.ts';

/** The query of a list: large pages, of the load balancer that `--lb` names, or of all, with the tag of `--tag`. */
export async function listQuery(
  session: Session,
  { lb, tag }: OptionValues,
): Promise<{ readonly limit: number; readonly loadBalancerId?: string; readonly tag?: string }> {
  return {
    limit: PAGE.maximum,
    ...(tag !== undefined && { tag: tag as string }),
    ...(lb && { loadBalancerId: (await resolve(session, loadBalancers, lb)).id }),
  };
}

/** The names that a table shows in place of identifiers, of these kinds; none where no table is printed. */
export async function namesFor(session: Session, ...lists: NamedLists): Promise<Names> {
  return session.form === 'text' ? Names.load(session.client, ...lists) : new Names();
}

type NamedLists = Parameters<typeof Names.load> extends readonly [unknown, ...infer Lists] ? Lists : never;
