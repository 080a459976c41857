import { type Finding, missed } from './soak.ts';

/** Findings as rows of text, a head first. */
export function tableOf(findings: readonly Finding[]): string[][] {
  return [['', 'found', 'limit', '', ''], ...findings.map(rowOf)];
}

function rowOf(finding: Finding): string[] {
  const { what, value, unit, limit, detail = '' } = finding;
  const bounded = limit !== null && Number.isFinite(limit);
  const verdict = missed(finding) ? 'MISS' : 'pass';
  return [what, amount(value, unit), bounded ? `≤ ${amount(limit, unit)}` : '', bounded ? verdict : '', detail];
}

function amount(value: number, unit: string): string {
  const digits = Number.isInteger(value) ? 0 : value < 10 ? 2 : 1;
  const number = value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return unit === '' ? number : `${number} ${unit}`;
}
