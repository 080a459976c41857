import type { Rule } from '@evenkeel/model/resources/rule.ts';
import type { FieldMatch, PathMatch, RuleMatch } from '@evenkeel/model/resources/rule-match.ts';

/** A rule in short, in the words of the options that make it. */

interface NamesOf {
  of(id: string): string | null;
}

/** `a.example.com /api/* GET`; empty for everything. */
export function matchText({ hosts, paths, methods, headers, cookies, query, sources }: RuleMatch): string {
  const kinds = [
    hosts.join(','),
    paths.map(pathText).join(','),
    methods.join(','),
    fieldsText('header', headers),
    fieldsText('cookie', cookies),
    fieldsText('query', query),
    sources.join(','),
  ];
  return kinds.filter((text) => text !== '').join(' ');
}

function pathText({ kind, value, ignoreCase }: PathMatch): string {
  switch (kind) {
    case 'exact':
      return value;
    case 'prefix':
      return `${value}*`;
    case 'regex':
      return `${ignoreCase ? '~*' : '~'}${value}`;
  }
}

const COMPARISONS = { exact: '=', prefix: '^=', contains: '*=', regex: '~=' } as const;

function fieldsText(noun: string, fields: readonly FieldMatch[]): string {
  return fields.map((field) => `${noun}:${fieldText(field)}`).join(' ');
}

function fieldText({ name, kind, values }: FieldMatch): string {
  switch (kind) {
    case 'present':
      return name;
    case 'absent':
      return `!${name}`;
    default:
      return `${name}${COMPARISONS[kind]}${values.join('|')}`;
  }
}

/** `blue=9,green=1`, `301 https://…`, `503` */
export function actionText({ forward, redirect, respond }: Rule, names: NamesOf): string {
  if (redirect !== null) {
    const { status, protocol, host, port, path, query } = redirect;
    const place = `${protocol ?? ''}//${host ?? ''}${port === null ? '' : `:${port}`}${path ?? '…'}`;
    return `${status} ${place}${query === null ? '' : `?${query}`}`;
  }
  if (respond !== null) return String(respond.status);
  const services = forward ?? [];
  if (services.length === 1) return names.of(services[0].backendServiceId) ?? '';
  return services.map(({ backendServiceId, weight }) => `${names.of(backendServiceId)}=${weight}`).join(',');
}
