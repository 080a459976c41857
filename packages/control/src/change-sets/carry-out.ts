import { contract } from '@evenkeel/model/contract/contract.ts';
import type { Route } from '@evenkeel/model/contract/route.ts';
import type { FieldError } from '@evenkeel/model/problem.ts';
import type { ChangeOperation, ChangeSetCreate, PlannedChange } from '@evenkeel/model/resources/change-set.ts';
import type { ResourceRef } from '@evenkeel/model/resources/operation.ts';
import { Type } from '@evenkeel/model/type.ts';
import { checkAsked } from '../access/authorization.ts';
import type { Caller } from '../access/identity.ts';
import { subjectsOf } from '../access/subjects.ts';
import type { Call } from '../api/call.ts';
import type { Validator, Validators } from '../api/validation.ts';
import type { Writes } from '../api/writes.ts';
import { applyDocuments } from '../configuration/apply.ts';
import { applyShared } from '../configuration/shared.ts';
import { ProblemError, refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import { type Made, withIdentifiers } from './references.ts';

/** The parts of a call, as validators take them. */
interface Parts {
  readonly params: Validator;
  readonly body: Validator;
}

/** Who carries a change set out, and by which request. */
export interface CarriedOutBy {
  readonly caller: Caller;
  readonly requestId: string;
  /** Refuses what the caller may not change, or may not any more. */
  readonly check: (draft: Draft) => void;
}

/** Carries out what change sets consist of on drafts, with the same checks as the calls themselves. */
export class ChangeSetWriter {
  readonly #writes: Pick<Writes, ChangeOperation>;
  readonly #validators: Validators;
  readonly #parts = new Map<ChangeOperation, Parts>();

  constructor(writes: Pick<Writes, ChangeOperation>, validators: Validators) {
    this.#writes = writes;
    this.#validators = validators;
  }

  /** What was created under a `ref`, by that. Throws a ProblemError that points into the change set. */
  run(draft: Draft, content: ChangeSetCreate, by: CarriedOutBy): ReadonlyMap<string, Made> {
    const { changes = [], loadBalancers = [] } = content;
    const made = new Map<string, Made>();
    for (const [i, change] of changes.entries()) {
      const at = `/changes/${i}`;
      const { ref } = change;
      if (ref !== undefined && made.has(ref))
        refuseField('name-taken', `${at}/ref`, `${ref} is the ref of two changes`);
      const answer = this.#carryOut(draft, change, made, by, at);
      if (ref !== undefined) made.set(ref, madeBy(draft, answer, at));
    }
    applyShared(draft, content, () => {});
    applyDocuments(draft, loadBalancers, () => {});
    return made;
  }

  #carryOut(
    draft: Draft,
    { operation, params = {}, body, ifGeneration }: PlannedChange,
    made: ReadonlyMap<string, Made>,
    { caller, requestId }: CarriedOutBy,
    at: string,
  ): object {
    const route: Route = contract[operation];
    const parts = this.#partsOf(operation);
    const call = {
      params: pointed(`${at}/params`, () => parts.params(withIdentifiers(params, made, ''))),
      // Whoever applies a plan has seen what goes: what has to be forced elsewhere is forced here.
      query: { force: true },
      body: pointed(`${at}/body`, () => parts.body(withIdentifiers(body, made, ''))),
      caller,
      state: draft,
      requestId,
      ifMatch: route.ifMatch && ifGeneration !== undefined ? `"${ifGeneration}"` : undefined,
      signal: new AbortController().signal,
    };
    if (ifGeneration !== undefined && !route.ifMatch) {
      refuseField('validation-failed', `${at}/ifGeneration`, `${operation} is not about one object that is there`);
    }
    const asked = { actions: [operation], route, subjects: subjectsOf(draft, call.params, call.body), complete: true };
    pointed(`${at}/operation`, () => checkAsked(caller, asked, draft.whole));
    const write = this.#writes[operation] as (draft: Draft, call: Call<never>) => object;
    return pointed(`${at}/body`, () => write(draft, call as unknown as Call<never>), at);
  }

  #partsOf(operation: ChangeOperation): Parts {
    const known = this.#parts.get(operation);
    if (known !== undefined) return known;
    const route: Route = contract[operation];
    const parts = {
      params: this.#validators.for(route.params ?? Type.Object({}, { additionalProperties: false }), 'path'),
      body: route.body === undefined ? noBody : this.#validators.for(route.body, 'body'),
    };
    this.#parts.set(operation, parts);
    return parts;
  }
}

function noBody(body: unknown): undefined {
  if (body !== undefined) refuseField('validation-failed', '', 'this operation takes no body');
  return undefined;
}

function madeBy(draft: Draft, answer: object, at: string): Made {
  const { id, name, created = [] } = answer as { id?: string; name?: string; created?: ResourceRef[] };
  const record = draft.changes.find((change) => change.id === id);
  if (id === undefined || name === undefined || record === undefined || record.before !== null) {
    refuseField('validation-failed', `${at}/ref`, 'the change creates nothing that could be referred to');
  }
  return { id, kind: record.kind, name, along: created };
}

/** What is refused is said of the place in the change set: of a field below `at`, else of `whole`. */
function pointed<T>(at: string, work: () => T, whole: string = at): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const { code, message, particulars } = error;
    const errors = (particulars.errors ?? []).map((one): FieldError => {
      return { ...one, field: `${at}${one.field.replace(/^(path|query|header) /, '/')}` };
    });
    const shown = errors.length > 0 ? errors : [{ field: whole, reason: message }];
    const [first] = shown;
    throw new ProblemError(code, `${first!.field}: ${first!.reason}`, { ...particulars, errors: shown }, error);
  }
}
