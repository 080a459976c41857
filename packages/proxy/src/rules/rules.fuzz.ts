import assert from 'node:assert/strict';
import type { PlannedFieldMatch } from '@evenkeel/model/plan/rules.ts';
import { checkPattern } from '@evenkeel/model/regex/check.ts';
import { PatternGroups } from '@evenkeel/model/regex/groups.ts';
import { PatternMatcher } from '@evenkeel/model/regex/matcher.ts';
import { compilePattern } from '@evenkeel/model/regex/program.ts';
import { type FuzzTarget, latin1 } from '@evenkeel/testbed/fuzz/target.ts';
import { HOST } from '../http1/characters.ts';
import { RequestHead } from '../http1/request-head.ts';
import { IpAddress } from '../source-address/ip-address.ts';
import type { Condition, RoutedRequest } from './condition/condition.ts';
import { CookieCondition } from './condition/cookie.ts';
import { QueryCondition } from './condition/query.ts';
import { HostName } from './request/host-name.ts';

/** Where an input lies: in the middle of other bytes, so that a step over either end would show. */
const START = 40;

function among(input: Uint8Array, before: string, behind: string): Uint8Array {
  const memory = new Uint8Array(START + input.length + 40).fill(97);
  memory.set(latin1(before), START - before.length);
  memory.set(input, START);
  memory.set(latin1(behind), START + input.length);
  return memory;
}

/** A request whose only field is a Cookie, and whose query is the same bytes. */
function requestWith(memory: Uint8Array, length: number): RoutedRequest {
  const head = new RequestHead();
  const { fields } = head;
  memory.set(latin1('Cookie'), 0);
  fields.count = 1;
  fields.spans.set([0, 0, 6, START, START + length]);
  return { memory, head, queryStart: START, queryEnd: START + length, client: new IpAddress() };
}

/** Whether the condition, in each of its kinds, says of the values with its name what a list of them says. */
function agrees(
  make: (planned: PlannedFieldMatch) => Condition,
  request: RoutedRequest,
  name: string,
  values: readonly string[],
): void {
  const holds = (kind: PlannedFieldMatch['kind'], ...wanted: string[]): boolean =>
    make({ name, kind, values: wanted }).holds(request);
  assert.equal(holds('present'), values.length > 0, 'present');
  assert.equal(holds('absent'), values.length === 0, 'absent');
  for (const value of ['', '1', 'x y', ...values]) {
    // Wanted values are UTF-8; those of requests are compared as bytes.
    if (!/^[\0-\x7f]*$/.test(value)) continue;
    assert.equal(holds('exact', 'other', value), values.includes(value), `exact ${value}`);
    assert.equal(
      holds('prefix', value),
      values.some((candidate) => candidate.startsWith(value)),
      `prefix ${value}`,
    );
    assert.equal(
      holds('contains', value),
      values.some((candidate) => candidate.includes(value)),
      `contains ${value}`,
    );
  }
}

const NAME = 'a';

/** Cookies as conditions of rules read them, held against a reading that splits text. */
export const ruleCookieFuzz: FuzzTarget = {
  name: 'rule-cookie',
  seeds: ['a=1', 'b=2; a=1;a="x y"', 'a', ' a = 1 ;; =x; a=b=c', ';a=\t1'].map(latin1),
  words: ['a=', 'a', '; ', ';', '=', '"', ' ', '\t', '1', 'x y'].map(latin1),
  check(input) {
    const text = Buffer.from(input).toString('latin1');
    if (/[^\t -~\x80-\xff]/.test(text)) return 'no field value';
    const trim = (part: string): string => part.replace(/^[ \t]+|[ \t]+$/g, '');
    const values = text
      .split(';')
      .filter((pair) => trim(pair) !== '')
      .map((pair) => ({
        name: trim(pair.split('=', 1)[0]!),
        value: trim(pair.slice(pair.split('=', 1)[0]!.length + 1)),
      }))
      .filter(({ name }) => name === NAME)
      .map(({ value }) => value);
    const request = requestWith(among(input, 'a=0;', ';a=9'), input.length);
    agrees((planned) => new CookieCondition(planned), request, NAME, values);
    return `${values.length} ${values.map((value) => value.length > 2).join()}`;
  },
};

/** Parameters of the query as conditions of rules read them, held against a reading that splits text. */
export const ruleQueryFuzz: FuzzTarget = {
  name: 'rule-query',
  seeds: ['a=1', 'b=2&a=1&a=x+y', 'a', '%61=%31&=x&a=b=c', '&&a=%&a=%4&a=%zz', 'a=%00%ff'].map(latin1),
  words: ['a=', 'a', '&', '=', '%61', '%', '+', '%20', '1', '%2', 'x y'].map(latin1),
  check(input) {
    const text = Buffer.from(input).toString('latin1');
    if (/[^!-"$-~]/.test(text)) return 'no query';
    const decode = (part: string): string =>
      part.replace(/%([0-9A-Fa-f]{2})|\+/g, (_, digits?: string) =>
        digits === undefined ? ' ' : String.fromCharCode(Number.parseInt(digits, 16)),
      );
    const values = text
      .split('&')
      .filter((pair) => pair !== '' && pair !== '=')
      .map((pair) => [pair.split('=', 1)[0]!, pair] as const)
      .filter(([name]) => decode(name) === NAME)
      .map(([name, pair]) => decode(pair.slice(name.length + 1)));
    const request = requestWith(among(input, 'a=0&', '&a=9'), input.length);
    agrees((planned) => new QueryCondition(planned), request, NAME, values);
    return `${values.length} ${values.map((value) => value.length > 2).join()}`;
  },
};

/** Names and ports of Host, held against an expression that says the same. */
export const ruleHostFuzz: FuzzTarget = {
  name: 'rule-host',
  seeds: ['a.b', 'a.b.:80', '[::1]:80', 'a:', '', '.', '[', 'a:80:90'].map(latin1),
  words: ['.', ':', '[', ']', '80', 'a', '[::1]', '%2E'].map(latin1),
  check(input) {
    if (input.some((byte) => HOST[byte] === 0)) return 'no host';
    const text = Buffer.from(input).toString('latin1');
    const match = /^(\[[^\]]*\]|[^:[\]%]*)(?::([0-9]*))?$/.exec(text);
    const name = new HostName();
    const memory = among(input, ':', ':80');
    const read = name.read(memory, START, START + input.length);
    assert.equal(read, match !== null);
    if (match === null) return 'refused';
    const part = (start: number, end: number): string => Buffer.from(memory.subarray(start, end)).toString('latin1');
    const whole = match[1]!;
    assert.equal(part(name.start, name.end), whole.length > 1 ? whole.replace(/\.$/, '') : whole);
    assert.equal(part(name.portStart, name.fieldEnd), match[2] ?? '');
    return `${whole.startsWith('[')} ${match[2] === undefined} ${whole.endsWith('.')}`;
  },
};

const TEXTS = ['', 'a', 'b', 'ab', 'aab', '/a', 'a/b', '1', 'A', 'aaaaa', '-]', '}{'];

/** Patterns that are accepted mean what JavaScript takes them for; others are refused with a reason and nothing else. */
export const patternFuzz: FuzzTarget = {
  name: 'pattern',
  seeds: [
    'a',
    '^(a|b)*$',
    '[^a-c/]',
    'a{2,3}?',
    '(?:a)+',
    '\\d\\w\\s\\x41',
    '(a)(b)?',
    '[]a]',
    'a**',
    '(?=a)',
    '\\1',
  ].map(latin1),
  words: ['(', ')', '[', ']', '{2}', '{1,3}', '*', '+', '?', '|', '^', '$', '\\', '(?:', '-', '.', '\\d', 'a'].map(
    latin1,
  ),
  check(input) {
    const pattern = Buffer.from(input).toString('latin1');
    const reason = checkPattern(pattern);
    if (reason !== '') return reason.replace(/[0-9]+/g, '').slice(0, 30);
    for (const ignoreCase of [false, true]) {
      const program = compilePattern(pattern, ignoreCase);
      const matcher = new PatternMatcher(program);
      const groups = new PatternGroups(program);
      const reference = new RegExp(pattern, ignoreCase ? 'i' : '');
      for (const text of TEXTS) {
        const memory = latin1(text);
        const found = matcher.test(memory, 0, memory.length);
        assert.equal(found, reference.test(text), `/${pattern}/ on ${JSON.stringify(text)}`);
        assert.equal(groups.find(memory, 0, memory.length), found, `groups of /${pattern}/ on ${JSON.stringify(text)}`);
      }
    }
    return `accepted ${pattern.replace(/[^()[\]{}*+?|^$\\.-]/g, '').slice(0, 6)}`;
  },
};
