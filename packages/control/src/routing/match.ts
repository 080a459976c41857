import { checkHostPattern } from '@evenkeel/model/host-pattern.ts';
import { canonicalNetwork } from '@evenkeel/model/network.ts';
import { checkPattern } from '@evenkeel/model/regex/check.ts';
import { FieldMatch, PathMatch, type RuleMatch, type RuleMatchPatch } from '@evenkeel/model/resources/rule-match.ts';
import { completed } from '@evenkeel/model/schema.ts';
import { refuseField } from '../problem.ts';
import { settledPath } from './path.ts';

/** The match of a rule that says nothing: every request. */
export const EVERYTHING: RuleMatch = {
  hosts: [],
  paths: [],
  methods: [],
  headers: [],
  cookies: [],
  query: [],
  sources: [],
};

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Methods that the proxy never lets in. */
const REFUSED_METHODS = ['CONNECT', 'TRACE'];

/** The match with the given kinds changed, in one form each. `at` is the pointer to them. */
export function changeMatch(current: RuleMatch, patch: RuleMatchPatch | undefined, at: string): RuleMatch {
  if (patch === undefined) return current;
  const { hosts, paths, methods, headers, cookies, query, sources } = patch;
  return {
    hosts: hosts?.map((host, i) => hostOf(host, `${at}/hosts/${i}`)) ?? current.hosts,
    paths: paths?.map((path, i) => pathOf(completed(PathMatch, path), `${at}/paths/${i}`)) ?? current.paths,
    methods: methods?.map((method, i) => methodOf(method, `${at}/methods/${i}`)) ?? current.methods,
    headers: headers
      ? fieldsOf(headers, `${at}/headers`).map((field) => ({ ...field, name: field.name.toLowerCase() }))
      : current.headers,
    cookies: cookies ? fieldsOf(cookies, `${at}/cookies`) : current.cookies,
    query: query ? fieldsOf(query, `${at}/query`, false) : current.query,
    sources: sources ? [...new Set(sources.map((block) => canonicalNetwork(block)!))] : current.sources,
  };
}

function hostOf(host: string, at: string): string {
  const reason = checkHostPattern(host);
  if (reason !== '') refuseField('validation-failed', at, reason);
  return host.startsWith('~') ? host : host.toLowerCase();
}

function pathOf(path: PathMatch, at: string): PathMatch {
  const { kind, value } = path;
  if (kind !== 'regex') return { ...path, value: settledPath(value, kind, `${at}/value`) };
  const reason = checkPattern(value);
  if (reason !== '') refuseField('validation-failed', `${at}/value`, reason);
  return path;
}

function methodOf(method: string, at: string): string {
  if (!REFUSED_METHODS.includes(method)) return method;
  refuseField('rule-never-matches', at, `no client may send ${method}`);
}

/** Checks conditions on headers, cookies or query parameters; `tokens`: their names are tokens. */
function fieldsOf(inputs: NonNullable<RuleMatchPatch['headers']>, at: string, tokens = true): FieldMatch[] {
  const fields = inputs.map((input) => completed(FieldMatch, input));
  for (const [i, field] of fields.entries()) {
    if (tokens && !TOKEN.test(field.name)) refuseField('validation-failed', `${at}/${i}/name`, 'is not a token');
    checkValues(field, `${at}/${i}/values`);
    const name = tokens ? field.name.toLowerCase() : field.name;
    const other = fields.findIndex(
      (one) =>
        (tokens ? one.name.toLowerCase() : one.name) === name && (one.kind === 'absent') !== (field.kind === 'absent'),
    );
    if (other !== -1 && other < i) {
      refuseField('rule-never-matches', `${at}/${i}`, `${field.name} cannot be both there and absent`);
    }
  }
  return fields;
}

function checkValues({ kind, values }: FieldMatch, at: string): void {
  switch (kind) {
    case 'present':
    case 'absent':
      if (values.length > 0) refuseField('validation-failed', at, `${kind} is about the name alone`, []);
      return;
    case 'exact':
      if (values.length === 0) refuseField('validation-failed', at, 'is empty: nothing could fit');
      return;
    case 'prefix':
    case 'contains':
    case 'regex':
      if (values.length === 0) refuseField('validation-failed', at, 'is empty: nothing could fit');
      for (const [i, value] of values.entries()) {
        const reason =
          kind === 'regex' ? checkPattern(value) : value === '' ? 'is empty; for any value, take `present`' : '';
        if (reason !== '') refuseField('validation-failed', `${at}/${i}`, reason);
      }
      return;
    default:
      kind satisfies never;
  }
}
