import type { LoadBalancerDocument } from '@evenkeel/model/resources/document.ts';
import { stringify } from 'yaml';
import { count } from '../output/text.ts';
import type { Finding, FindingKind } from './findings.ts';

/** The configuration as `apply` takes it. */
export function documentText(loadBalancers: readonly LoadBalancerDocument[]): string {
  return stringify({ loadBalancers }, { aliasDuplicateObjects: false, lineWidth: 0 });
}

const TITLES: Readonly<Record<FindingKind, string>> = {
  'to-do': 'To do',
  differs: 'Works in another way',
  'left-out': 'Left out',
};

/** What a person has to read before the result is used. */
export function reportText(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'Everything was carried over.\n';
  const parts = (Object.keys(TITLES) as FindingKind[]).flatMap((kind) => {
    const own = findings.filter((finding) => finding.kind === kind);
    if (own.length === 0) return [];
    const lines = own.map(({ file, line, text, detail }) => `  ${file}:${line}: ${shortened(text)}\n      ${detail}\n`);
    return [`${TITLES[kind]}: ${count(own.length, 'statement')}\n${lines.join('')}`];
  });
  return parts.join('');
}

function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 97)}…` : text;
}
