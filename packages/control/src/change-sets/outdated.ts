import type { FieldError } from '@evenkeel/model/problem.ts';
import type { ObjectChange } from '@evenkeel/model/resources/document.ts';
import { ProblemError } from '../problem.ts';
import { equal } from '../state/equal.ts';
import { shortened } from '../store/journal.ts';
import type { ShownPlan } from './rows.ts';

/** Differences that are named. */
const NAMED = 10;

/** The refusal to apply what would not do any more what its plan says, with what is different. */
export function outdated(id: string, { changes: planned }: ShownPlan, now: readonly ObjectChange[]): ProblemError {
  const before = new Map(planned.map((change) => [nameOf(change), change]));
  const after = new Map(now.map((change) => [nameOf(change), shortened(change)]));
  const errors: FieldError[] = [];
  for (const [name, change] of after) {
    const known = before.get(name);
    if (known === undefined) errors.push({ field: name, reason: `would be ${change.action}, which was not planned` });
    else if (known.action !== change.action) {
      errors.push({ field: name, reason: `would be ${change.action}, and was to be ${known.action}` });
    } else {
      const [field] = change.fields.filter((one) => !known.fields.some((other) => equal(one, other)));
      if (field !== undefined) errors.push({ field: name, reason: `${field.field} would change in another way` });
    }
  }
  for (const [name, { action }] of before) {
    if (!after.has(name)) errors.push({ field: name, reason: `was to be ${action}, and would not be` });
  }
  const first = errors[0] === undefined ? 'what it is about has changed' : `${errors[0].field} ${errors[0].reason}`;
  return new ProblemError('plan-outdated', `${id} would not do any more what was planned: ${first}; plan it again`, {
    ...(errors.length > 0 && { errors: errors.slice(0, NAMED) }),
  });
}

/** `listener shop/web` */
function nameOf({ kind, loadBalancer, parent, name }: ObjectChange): string {
  const path = kind === 'loadBalancer' ? [name] : [loadBalancer, parent, name];
  return `${kind} ${path.filter((part) => part !== null && part !== '').join('/')}`;
}
