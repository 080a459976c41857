import type { PlannedJwt } from '@evenkeel/model/plan/rules.ts';

/**
 * The header lines that tell a target what a token says. Strings as they are; numbers and booleans as in JSON; lists of
 * these with commas between; anything else as JSON. What is not visible ASCII, `%`, and commas within lists are
 * percent-encoded (UTF-8), so that nothing in a token can end a line or pass for something else.
 */
export function claimLines(planned: PlannedJwt['claims'], claims: Readonly<Record<string, unknown>>): string {
  let lines = '';
  for (const { claim, header } of planned) {
    const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
    if (value === undefined || value === null) continue;
    lines += `${header}: ${textOf(value)}\r\n`;
  }
  return lines;
}

function textOf(value: unknown): string {
  if (Array.isArray(value) && value.every(isPlain))
    return value.map((item) => encoded(String(item), /[^ -~]|[%,]/gu)).join(',');
  return encoded(isPlain(value) ? String(value) : JSON.stringify(value), /[^ -~]|%/gu);
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function encoded(text: string, what: RegExp): string {
  return text.toWellFormed().replace(what, (character) => {
    // encodeURIComponent leaves some characters alone that are asked for here.
    return character === '%' || character === ',' ? (character === '%' ? '%25' : '%2C') : encodeURIComponent(character);
  });
}
