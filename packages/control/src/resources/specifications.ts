import { SPECIFICATION } from '@evenkeel/model/limits.ts';
import type { SpecificationCreate, SpecificationPatch } from '@evenkeel/model/resources/specification.ts';
import {
  BUILT_IN_SPECIFICATIONS,
  builtInSpecification,
  type SpecificationLimits,
} from '@evenkeel/model/specifications.ts';
import { ProblemError, refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { SpecificationRecord } from '../state/records.ts';
import { loadBalancersOf, type State } from '../state/state.ts';
import { checkUnused, notFound, refTo } from './rules.ts';

/** What the specification with the name allows; null: there is none. The same object as long as it is the same. */
export function findSpecification(
  { specifications }: Pick<State, 'specifications'>,
  name: string,
): SpecificationLimits | null {
  return builtInSpecification(name) ?? specifications.get(name) ?? null;
}

/** Refuses a name that no specification has. */
export function checkSpecification(draft: Draft, name: string, at: string): string {
  if (findSpecification(draft, name) !== null) return name;
  const names = [...BUILT_IN_SPECIFICATIONS.map(({ id }) => id), ...draft.specifications.keys()];
  return refuseField('reference-not-found', at, `there is no specification ${name}`, names.join(', '));
}

/** The specification, for a change; refuses a built-in one. */
export function getSpecification(draft: Draft, name: string): SpecificationRecord {
  if (builtInSpecification(name) !== null) {
    throw new ProblemError('built-in', `specification ${name} is built in; create one of your own instead`);
  }
  return draft.specifications.get(name) ?? notFound('specification', name);
}

export function createSpecification(draft: Draft, input: SpecificationCreate): SpecificationRecord {
  const { size } = draft.specifications;
  if (size >= SPECIFICATION.count) {
    const detail = `specifications are limited to ${SPECIFICATION.count}, and ${size} are there`;
    throw new ProblemError('quota-exceeded', detail, {
      quota: { name: 'specifications', limit: SPECIFICATION.count, used: size },
    });
  }
  const { name, description = '', tags = {}, ...limits } = input;
  if (findSpecification(draft, name) !== null) {
    refuseField('name-taken', '/name', `there is a specification ${name}`);
  }
  return draft.create('specification', { id: name, name, ...limits, description, tags });
}

export function updateSpecification(
  draft: Draft,
  specification: SpecificationRecord,
  patch: SpecificationPatch,
): SpecificationRecord {
  return draft.update('specification', specification, patch);
}

/** Refused while a load balancer has it, also one of another tenant. */
export function deleteSpecification(draft: Draft, specification: SpecificationRecord): void {
  const { name } = specification;
  const users = [
    ...[...loadBalancersOf(draft.whole)].filter(({ tenantId }) => tenantId !== draft.tenantId),
    ...loadBalancersOf(draft),
  ].filter((loadBalancer) => loadBalancer.specification === name);
  checkUnused(
    `specification ${name}`,
    users.map((record) => refTo('loadBalancer', record)),
  );
  draft.remove('specification', specification);
}
