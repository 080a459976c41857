import type { ResourceKind, ResourceRef } from '@evenkeel/model/resources/operation.ts';
import { refuseField } from '../problem.ts';

/** What a change has created: itself, and what came along. */
export interface Made {
  readonly id: string;
  readonly kind: ResourceKind;
  readonly name: string;
  readonly along: readonly ResourceRef[];
}

/**
 * The value with identifiers where it refers to what earlier changes have created: `{"$ref": "web"}`, and with `kind` and
 * `name` something that came along. `at` is the pointer to it.
 */
export function withIdentifiers(value: unknown, made: ReadonlyMap<string, Made>, at: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((part, i) => withIdentifiers(part, made, `${at}/${i}`));
  if (Object.hasOwn(value, '$ref')) return identifierOf(value as Reference, made, at);
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, withIdentifiers(part, made, `${at}/${escaped(name)}`)]),
  );
}

interface Reference {
  readonly $ref: unknown;
  readonly kind?: unknown;
  readonly name?: unknown;
}

function identifierOf({ $ref, kind, name, ...rest }: Reference, made: ReadonlyMap<string, Made>, at: string): string {
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    refuseField('validation-failed', `${at}/${escaped(unknown)}`, 'is not part of a reference', [
      '$ref',
      'kind',
      'name',
    ]);
  }
  const one = typeof $ref === 'string' ? made.get($ref) : undefined;
  if (one === undefined) {
    refuseField('reference-not-found', `${at}/$ref`, `no change before this one has the ref ${text($ref)}`);
  }
  if (kind === undefined && name === undefined) return one.id;
  const along = one.along.filter((ref) => ref.kind === kind && (name === undefined || ref.name === name));
  if (along.length === 1) return along[0]!.id;
  const reason =
    along.length === 0
      ? `${text($ref)} has created no ${text(kind)} ${name === undefined ? '' : text(name)}`.trimEnd()
      : `${text($ref)} has created several of kind ${text(kind)}; give the name`;
  return refuseField('reference-not-found', at, reason);
}

/** What somebody else wrote, in a message: short, whatever it is. */
function text(value: unknown): string {
  return (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')).slice(0, 80);
}

function escaped(name: string): string {
  return name.replace(/~/g, '~0').replace(/\//g, '~1');
}
