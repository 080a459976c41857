/**
 * Says what is wrong with a value, as one sentence that begins with the field's path; empty when nothing is. The plan
 * stream is checked by these few combinators, because a JSON Schema compiler would triple the time to the first byte
 * after a start. Fields that a shape does not name are accepted: a newer control plane may say more.
 */
export type Shape = (value: unknown, path: string) => string;

export function integer(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): Shape {
  return (value, path) =>
    Number.isSafeInteger(value) && (value as number) >= minimum && (value as number) <= maximum
      ? ''
      : `${path} must be an integer from ${minimum} to ${maximum}`;
}

export function text(maximum: number, pattern?: { readonly matches: RegExp; readonly says: string }): Shape {
  return (value, path) => {
    if (typeof value !== 'string') return `${path} must be a string`;
    if (value.length > maximum) return `${path} must be at most ${maximum} characters long`;
    return pattern === undefined || pattern.matches.test(value) ? '' : `${path} must be ${pattern.says}`;
  };
}

export const flag: Shape = (value, path) => (typeof value === 'boolean' ? '' : `${path} must be true or false`);

export function oneOf(...allowed: readonly string[]): Shape {
  return (value, path) =>
    typeof value === 'string' && allowed.includes(value) ? '' : `${path} must be one of ${allowed.join(', ')}`;
}

export function nullable(shape: Shape): Shape {
  return (value, path) => (value === null ? '' : shape(value, path));
}

/** A field that plans of older versions do not have. */
export function optional(shape: Shape): Shape {
  return (value, path) => (value === undefined ? '' : shape(value, path));
}

export function list(item: Shape, most: number = Number.POSITIVE_INFINITY): Shape {
  return (value, path) => {
    if (!Array.isArray(value)) return `${path} must be an array`;
    if (value.length > most) return `${path} must have at most ${most} items`;
    for (let index = 0; index < value.length; index++) {
      const fault = item(value[index], `${path}[${index}]`);
      if (fault !== '') return fault;
    }
    return '';
  };
}

export function fields(shapes: Readonly<Record<string, Shape>>): Shape {
  const entries = Object.entries(shapes);
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${path || 'it'} must be an object`;
    const record = value as Readonly<Record<string, unknown>>;
    for (const [name, shape] of entries) {
      const fault = shape(record[name], path === '' ? name : `${path}.${name}`);
      if (fault !== '') return fault;
    }
    return '';
  };
}
