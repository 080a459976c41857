import { NotCarried } from '../findings.ts';

const SECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Milliseconds of a time: `30`, `30s`, `1m30s`, `500ms`. */
export function milliseconds(text: string | undefined): number {
  if (text === undefined || !/^(\d+(ms|s|m|h|d|w)?)+$/.test(text)) {
    throw new NotCarried(`has ${text ?? 'nothing'} where a time belongs`);
  }
  let sum = 0;
  for (const [, digits, unit = 's'] of text.matchAll(/(\d+)(ms|s|m|h|d|w)?/g)) sum += Number(digits) * SECONDS[unit]!;
  return sum;
}

/** Bytes of a size: `8k`, `10m`, `1g`. */
export function bytes(text: string | undefined): number {
  const [, digits, unit = ''] = /^(\d+)([kmg]?)$/i.exec(text ?? '') ?? [];
  if (digits === undefined) throw new NotCarried(`has ${text ?? 'nothing'} where a size belongs`);
  return Number(digits) * 1024 ** ' kmg'.indexOf(unit.toLowerCase() || ' ');
}
