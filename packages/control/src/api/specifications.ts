import type { ResponseOf } from '@evenkeel/model/contract/types.ts';
import type { Specification } from '@evenkeel/model/resources/specification.ts';
import { BUILT_IN_SPECIFICATIONS, type BuiltInSpecification } from '@evenkeel/model/specifications.ts';
import * as specifications from '../resources/specifications.ts';
import type { Draft } from '../state/draft.ts';
import type { SpecificationRecord } from '../state/records.ts';
import type { Call } from './call.ts';
import { paginate } from './paging.ts';
import { withTimes } from './views.ts';
import { deleted, matching, type Unstored } from './written.ts';

/** Built-in ones come first, in their own order. */
export function listSpecifications({ query, state }: Call<'listSpecifications'>): ResponseOf<'listSpecifications'> {
  const builtIn = BUILT_IN_SPECIFICATIONS.map((one, i) => ({ place: `0/${i}`, shown: showBuiltIn(one) }));
  const own = Array.from(state.specifications.values(), (record) => ({ place: `1/${record.id}`, shown: show(record) }));
  return paginate(
    [...builtIn, ...own],
    query,
    ({ place }) => place,
    ({ shown }) => shown,
  );
}

export type SpecificationWriteName = 'createSpecification' | 'updateSpecification' | 'deleteSpecification';

type SpecificationWrites = {
  readonly [K in SpecificationWriteName]: (draft: Draft, call: Call<K>) => Unstored<ResponseOf<K>>;
};

export const specificationWrites: SpecificationWrites = {
  createSpecification: (draft, { body }) => show(specifications.createSpecification(draft, body)),
  updateSpecification(draft, { params, body, ifMatch }) {
    const record = matching(ifMatch, specifications.getSpecification(draft, params.specification));
    return show(specifications.updateSpecification(draft, record, body));
  },
  deleteSpecification(draft, { params, ifMatch }) {
    const record = matching(ifMatch, specifications.getSpecification(draft, params.specification));
    specifications.deleteSpecification(draft, record);
    return deleted(draft, record);
  },
};

function show(record: SpecificationRecord): Specification {
  return { ...withTimes(record), builtIn: false };
}

function showBuiltIn(specification: BuiltInSpecification): Specification {
  const { id } = specification;
  return { ...specification, name: id, builtIn: true, tags: {}, generation: 0, createdAt: null, updatedAt: null };
}
