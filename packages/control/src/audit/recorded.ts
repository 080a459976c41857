import { createHash } from 'node:crypto';
import { Secret } from '../secrets/secret.ts';
import type { AnyRecord } from '../state/records.ts';

/** Characters of one field as JSON; a longer one is recorded as its checksum. */
const FIELD = 4_096;

const KEPT_BACK = '[secret]';
const CHANGED = '[another secret]';

/** Texts by these names are never recorded, also where they are only a hash of what somebody knows. */
const SECRET_NAME = /hash$|secret|password|privateKey|^token$/i;

/**
 * The record as JSON for the audit log: without secrets, with times as text, with long fields as their checksum. Of a
 * secret it is told whether it is another one than that of `before`.
 */
export function recorded(record: AnyRecord, before: AnyRecord | null): string {
  const parts: string[] = [];
  for (const [field, value] of Object.entries(record)) {
    const earlier = before?.[field as keyof AnyRecord];
    parts.push(`${JSON.stringify(field)}:${fieldOf(field, value, earlier, before !== null)}`);
  }
  return `{${parts.join(',')}}`;
}

function fieldOf(field: string, value: unknown, earlier: unknown, known: boolean): string {
  if (value instanceof Secret || (typeof value === 'string' && SECRET_NAME.test(field))) {
    const same = value instanceof Secret ? value.equals(earlier) : value === earlier;
    return JSON.stringify(known && !same ? CHANGED : KEPT_BACK);
  }
  if (typeof value === 'number' && field.endsWith('At')) return JSON.stringify(new Date(value).toISOString());
  const text = JSON.stringify(value) ?? 'null';
  if (text.length <= FIELD) return text;
  const checksum = createHash('sha256').update(text).digest('hex');
  return JSON.stringify(`sha256:${checksum} of ${text.length} characters`);
}
