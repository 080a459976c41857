import { NotCarried } from '../findings.ts';

const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a time as HAProxy writes it: a number and a unit, without one milliseconds (manual, §2.5). */
export function milliseconds(text: string | undefined, unit = 'ms'): number {
  const [, digits, written] = /^(\d+)(us|ms|s|m|h|d)?$/.exec(text ?? '') ?? [];
  if (digits === undefined) throw new NotCarried(`has ${text ?? 'nothing'} where a time belongs`);
  return Number(digits) * (UNITS[written ?? unit] ?? 1);
}
