import { LISTENER_CERTIFICATES } from '@evenkeel/model/limits.ts';

const LABEL = '[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?';
const HOST_NAME = new RegExp(`^(\\*\\.)?${LABEL}(\\.${LABEL})*$`);
const ADDRESS = /^[0-9.]+$/;

/** The name in lower case when it is a host name, exact or with `*` as the first label; else null. */
export function canonicalHostName(text: string): string | null {
  const name = text.toLowerCase().replace(/\.$/, '');
  if (name.length > LISTENER_CERTIFICATES.nameLength || ADDRESS.test(name) || !HOST_NAME.test(name)) return null;
  return name.startsWith('*.') && !name.slice(2).includes('.') ? null : name;
}

/** Whether a certificate for these names is one for that name (RFC 9525 §6.3): `*` stands for one whole label. */
export function coversName(names: Iterable<string>, wanted: string): boolean {
  const dot = wanted.indexOf('.');
  const wildcard = dot < 0 ? null : `*${wanted.slice(dot)}`;
  for (const name of names) if (name === wanted || name === wildcard) return true;
  return false;
}
