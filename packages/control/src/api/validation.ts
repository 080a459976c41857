import { isAddress } from '@evenkeel/model/address.ts';
import { namedSchemas } from '@evenkeel/model/contract/schemas.ts';
import { isNetwork } from '@evenkeel/model/network.ts';
import type { FieldError } from '@evenkeel/model/problem.ts';
import { isTimestamp } from '@evenkeel/model/timestamp.ts';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import type { TSchema } from 'typebox';
import { ProblemError } from '../problem.ts';
import { patternInWords } from './pattern-words.ts';

/** Where in a request a value is. */
export type Place = 'body' | 'path' | 'query';

/**
 * Accepts the value, with text turned into numbers where it comes from a URL; throws `validation-failed` otherwise.
 * `size` is that of the text it was parsed from, where it may be large.
 */
export type Validator = (value: unknown, size?: number) => unknown;

const SHOWN = 100;
/** What texts of the formats that the model has are. */
const FORMS: Readonly<Record<string, string>> = {
  'date-time': 'a time as RFC 3339 writes it, such as 2026-11-01T00:00:00Z',
  ip: 'an IPv4 or IPv6 address; names are not looked up',
  network: 'an address or a CIDR block without bits beyond its length, such as 10.0.0.0/8',
};
/** Characters of a body of which all errors are looked for; of a larger one, the first alone: there could be a million. */
const THOROUGH = 64 * 1_024;

/** Validators for the parts of a request. Each is compiled when it is first used, or when there is time: see `warm`. */
export class Validators {
  readonly #bodies = createAjv({ coerceTypes: false, allErrors: true });
  readonly #largeBodies = createAjv({ coerceTypes: false, allErrors: false });
  readonly #urls = createAjv({ coerceTypes: 'array', allErrors: true });
  readonly #uncompiled: (() => unknown)[] = [];

  /** Compiles the next that was not used yet; false when there is none. Milliseconds, tens of them for a document. */
  warm(): boolean {
    this.#uncompiled.shift()?.();
    return this.#uncompiled.length > 0;
  }

  for(schema: TSchema, place: Place): Validator {
    const thorough = once(() => (place === 'body' ? this.#bodies : this.#urls).compile(schema));
    const quick = once(() => this.#largeBodies.compile(schema));
    this.#uncompiled.push(thorough);
    return (value, size = 0) => {
      if (value === undefined) refuse([{ field: '', reason: 'the body is missing' }]);
      const check = size > THOROUGH ? quick() : thorough();
      if (!check(value)) refuse(explain(check.errors ?? [], place, schema));
      return value;
    };
  }
}

function refuse(errors: readonly FieldError[]): never {
  const [first] = errors;
  const more = errors.length > 1 ? `, and ${errors.length - 1} more` : '';
  throw new ProblemError('validation-failed', `${first!.field || '/'}: ${first!.reason}${more}`, { errors });
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/** `coerceTypes`: text of a URL may stand for a number. */
function createAjv(options: { coerceTypes: false | 'array'; allErrors: boolean }): Ajv2020 {
  // The schemas are ours and tested; checking them again would cost a good part of the start.
  const ajv = new Ajv2020({
    ...options,
    strict: false,
    verbose: true,
    meta: false,
    validateSchema: false,
    // Validators are made while a first request waits. Named schemas are made once instead of wherever they are referred
    // to, and the code is left as it comes: that takes less than half of the time, and checks take about the same.
    inlineRefs: false,
    code: { optimize: false },
  });
  ajv.addFormat('ip', isAddress);
  ajv.addFormat('network', isNetwork);
  ajv.addFormat('date-time', isTimestamp);
  for (const schema of namedSchemas.values()) ajv.addSchema(schema);
  return ajv;
}

function explain(errors: readonly ErrorObject[], place: Place, schema: TSchema): FieldError[] {
  const fields: FieldError[] = [];
  const seen = new Set<string>();
  const nullable = new Set(errors.filter(isAboutNull).map(({ instancePath }) => instancePath));
  for (const error of errors) {
    // An error of a branch explains more than the `anyOf` around it, or than that the value might have been null.
    if ((error.keyword === 'anyOf' || isAboutNull(error)) && errors.length > 1) continue;
    const described = describe(error, place, schema, nullable.has(error.instancePath));
    const key = `${described.field} ${described.reason}`;
    if (seen.has(key)) continue;
    seen.add(key);
    fields.push(described);
    if (fields.length === SHOWN) break;
  }
  return fields;
}

/** Whether it is that of the branch `null` of a value that may be null. */
function isAboutNull({ keyword, params }: ErrorObject): boolean {
  return keyword === 'type' && params['type'] === 'null';
}

function describe(error: ErrorObject, place: Place, schema: TSchema, nullable: boolean): FieldError {
  const { keyword, params } = error;
  switch (keyword) {
    case 'required':
      return { field: fieldOf(error, place, params['missingProperty']), reason: 'is missing' };
    case 'additionalProperties': {
      const field = fieldOf(error, place, params['additionalProperty']);
      const allowed = Object.keys((error.parentSchema as { properties?: object }).properties ?? {});
      const fixed = isFixed(schema, error, params['additionalProperty']);
      return { field, reason: fixed ? 'is fixed after creation' : 'is not a field that is known here', allowed };
    }
    case 'enum':
      return {
        field: fieldOf(error, place),
        reason: 'is not one of the allowed values',
        allowed: params['allowedValues'],
      };
    case 'type': {
      const types = [params['type'], ...(nullable ? ['null'] : [])].flat();
      return { field: fieldOf(error, place), reason: `is not of type ${types.join(' or ')}` };
    }
    case 'minimum':
    case 'maximum': {
      const { minimum, maximum } = error.parentSchema as { minimum?: number; maximum?: number };
      return { field: fieldOf(error, place), reason: 'is out of range', allowed: { minimum, maximum } };
    }
    case 'pattern': {
      const words = patternInWords(params['pattern'], error.instancePath);
      const reason = words === null ? 'does not have the right form' : `must be ${words}`;
      return { field: fieldOf(error, place), reason, ...(words === null && { allowed: params['pattern'] }) };
    }
    case 'format':
      return { field: fieldOf(error, place), reason: `is not ${FORMS[params['format']] ?? `a ${params['format']}`}` };
    case 'minLength':
    case 'maxLength':
    case 'minItems':
    case 'maxItems':
    case 'minProperties':
    case 'maxProperties':
      return { field: fieldOf(error, place), reason: sizeReason(keyword, params['limit']) };
    case 'uniqueItems':
      return { field: fieldOf(error, place), reason: 'names something twice' };
    default:
      return { field: fieldOf(error, place), reason: error.message ?? keyword };
  }
}

/** What is counted of a text, list or object. */
const COUNTED: Readonly<Record<string, readonly [one: string, several: string]>> = {
  Length: ['character', 'characters'],
  Items: ['element', 'elements'],
  Properties: ['field', 'fields'],
};

/** `minLength` and the like in words. */
function sizeReason(keyword: string, limit: number): string {
  const least = keyword.startsWith('min');
  if (least && limit === 1) return 'is empty';
  const [one, several] = COUNTED[keyword.slice(3)];
  return `has ${least ? 'fewer' : 'more'} than ${limit} ${limit === 1 ? one : several}`;
}

/** A JSON pointer for a body; the name with its place for the rest. */
function fieldOf({ instancePath }: ErrorObject, place: Place, property?: string): string {
  const tail = property === undefined ? '' : `/${property.replace(/~/g, '~0').replace(/\//g, '~1')}`;
  const pointer = instancePath + tail;
  return place === 'body' ? pointer : `${place} ${pointer.slice(1)}`;
}

/** Whether a patch names a field that the resource has, but that cannot be changed. */
function isFixed(schema: TSchema, { instancePath }: ErrorObject, property: string): boolean {
  const { $ref } = schema as { $ref?: string };
  const resource =
    instancePath === '' && $ref?.endsWith('Patch#') ? namedSchemas.get($ref.slice(0, -'Patch#'.length)) : null;
  return Object.hasOwn((resource as { properties?: object } | null | undefined)?.properties ?? {}, property);
}
