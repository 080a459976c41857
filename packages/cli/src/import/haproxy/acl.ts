import { checkHostPattern } from '@evenkeel/model/host-pattern.ts';
import { RULE } from '@evenkeel/model/limits.ts';
import { canonicalNetwork } from '@evenkeel/model/network.ts';
import type { RuleMatchPatch } from '@evenkeel/model/resources/rule-match.ts';
import { complementOf } from '../complement.ts';
import { ALWAYS, type Condition, checked, hostPattern, literal, match, pathMatch, type Test } from '../condition.ts';
import { NotCarried } from '../findings.ts';

/** How a value is compared. */
type Method = 'str' | 'beg' | 'end' | 'sub' | 'reg' | 'dir' | 'dom' | 'found';

interface Criterion {
  /** The sample, in lower case and without `req.`: `hdr`, `path`, `src` … */
  readonly sample: string;
  readonly argument: string;
  readonly method: Method;
  readonly ignoreCase: boolean;
  readonly values: readonly string[];
}

/** Suffixes of samples that say how to compare: `path_beg` is `path -m beg` (manual, §7.3). */
const SUFFIX = /^(.+)_(beg|end|sub|reg|dir|dom)$/;

/** Names of methods that are acls by themselves (manual, §7.4). */
const PREDEFINED: Readonly<Record<string, RuleMatchPatch>> = {
  METH_GET: { methods: ['GET', 'HEAD'] },
  METH_HEAD: { methods: ['HEAD'] },
  METH_POST: { methods: ['POST'] },
  METH_PUT: { methods: ['PUT'] },
  METH_DELETE: { methods: ['DELETE'] },
  METH_OPTIONS: { methods: ['OPTIONS'] },
  LOCALHOST: { sources: ['127.0.0.0/8', '::1/128'] },
  HTTP: {},
  TRUE: {},
};

export function predefined(name: string): readonly Test[] | null {
  if (name === 'FALSE' || name === 'METH_CONNECT' || name === 'METH_TRACE') return [{ kind: 'never' }];
  const known = PREDEFINED[name];
  return known === undefined ? null : [match(known)];
}

/** What a criterion with its flags and values asks for. Throws NotCarried when rules cannot ask for it. */
export function testOf(words: readonly string[]): Test {
  const criterion = criterionOf(words);
  const { sample, argument, values } = criterion;
  switch (sample) {
    case 'always_true':
      return match({});
    case 'always_false':
      return { kind: 'never' };
    case 'ssl_fc':
      return { kind: 'tls', wanted: values[0] !== '0' };
    case 'path':
    case 'path,url_dec':
      return match(paths(criterion));
    case 'method':
      return match({ methods: values.map((value) => value.toUpperCase()) });
    case 'src':
      return match({ sources: values.map(networkOf) });
    case 'hdr':
      if (argument.toLowerCase() === 'host')
        return match({ hosts: values.flatMap((value) => hosts(criterion, value)) });
      return match({ headers: [field(criterion)] });
    case 'cook':
      return match({ cookies: [field(criterion)] });
    case 'url_param':
    case 'urlp':
      return match({ query: [field(criterion)] });
    default:
      throw new NotCarried(`asks for ${words[0]}, which rules cannot`);
  }
}

/** The opposite of a criterion, where rules can say it: that of addresses is all other addresses. */
export function oppositeOf(test: Test): Condition {
  if (test.kind === 'tls') return [[{ kind: 'tls', wanted: !test.wanted }]];
  if (test.kind === 'never') return ALWAYS;
  const { sources } = test.match;
  if (sources !== undefined) return pieces(complementOf(sources)).map((own) => [match({ sources: own })]);
  for (const kind of ['headers', 'cookies', 'query'] as const) {
    const [only, ...more] = test.match[kind] ?? [];
    if (only?.kind === 'present' && more.length === 0) return [[match({ [kind]: [{ ...only, kind: 'absent' }] })]];
  }
  throw new NotCarried(
    'asks for what a request is not, which rules can say of addresses, and of headers, cookies and parameters that are absent',
  );
}

/** As many as one rule may name. */
function pieces(networks: readonly string[]): string[][] {
  const count = Math.ceil(networks.length / RULE.entries);
  return Array.from({ length: count }, (_, index) => networks.slice(index * RULE.entries, (index + 1) * RULE.entries));
}

function criterionOf(words: readonly string[]): Criterion {
  const [first = '', ...rest] = words;
  const [, name = '', argument = '', converters = ''] = /^([^(,]+)(?:\(([^)]*)\))?(?:,(.*))?$/.exec(first) ?? [];
  const plain = name.replace(/^(req\.|req_|http_)/, '').toLowerCase();
  const [, base, suffix] = SUFFIX.exec(plain) ?? [];
  let method = (suffix as Method | undefined) ?? 'str';
  let ignoreCase = false;
  if (converters === 'lower' || converters === 'upper') ignoreCase = true;
  else if (converters !== '' && !(plain === 'path' && converters === 'url_dec')) {
    throw new NotCarried(`uses the converter ${converters}`);
  }
  let at = 0;
  for (; at < rest.length && rest[at]!.startsWith('-'); at++) {
    const flag = rest[at]!;
    if (flag === '--') {
      at++;
      break;
    }
    if (flag === '-i') ignoreCase = true;
    else if (flag === '-m') method = methodOf(rest[++at]);
    else if (flag === '-f' || flag === '-M') throw new NotCarried('takes its values from a file: write them out');
    else if (flag !== '-n' && flag !== '-u') throw new NotCarried(`has the flag ${flag}`);
  }
  const values = rest.slice(at);
  return { sample: base ?? plain, argument: argument.split(',')[0] ?? '', method, ignoreCase, values };
}

function methodOf(text: string | undefined): Method {
  if (text !== undefined && ['str', 'beg', 'end', 'sub', 'reg', 'dir', 'dom', 'found'].includes(text)) {
    return text as Method;
  }
  throw new NotCarried(`compares by ${text ?? 'nothing'}, which rules cannot`);
}

function paths({ method, ignoreCase, values }: Criterion): RuleMatchPatch {
  const all = values.map((value) => {
    switch (method) {
      case 'str':
        return pathMatch('exact', value, ignoreCase);
      case 'beg':
        return pathMatch('prefix', value, ignoreCase);
      case 'end':
        return pathMatch('regex', `${literal(value)}$`, ignoreCase);
      case 'sub':
        return pathMatch('regex', literal(value), ignoreCase);
      case 'dir':
        return pathMatch('regex', `(^|/)${literal(value.replace(/^\/+|\/+$/g, ''))}(/|$)`, ignoreCase);
      case 'reg':
        return pathMatch('regex', value, ignoreCase);
      default:
        throw new NotCarried(`compares the path by ${method}`);
    }
  });
  return { paths: all.flatMap((one) => one.paths ?? []) };
}

/** Host names, without the port that HAProxy sees in the field. */
function hosts({ method }: Criterion, value: string): string[] {
  const name = value.toLowerCase().replace(/:\d+$/, '');
  switch (method) {
    case 'str':
      return [checkedHost(name)];
    case 'end':
      return [checkedHost(name.startsWith('.') ? `*${name}` : hostPattern(`${literal(name)}$`))];
    case 'beg':
      return [checkedHost(name.endsWith('.') ? `${name}*` : hostPattern(`^${literal(name)}`))];
    case 'sub':
      return [hostPattern(literal(name))];
    case 'dom':
      return [hostPattern(`(^|\\.)${literal(name)}(\\.|$)`)];
    case 'reg':
      return [hostPattern(value)];
    default:
      throw new NotCarried(`compares the host by ${method}`);
  }
}

function checkedHost(pattern: string): string {
  const fault = checkHostPattern(pattern);
  if (fault !== '') throw new NotCarried(`asks for the host ${pattern}, which ${fault}`);
  return pattern;
}

function field({ argument, method, values }: Criterion) {
  if (argument === '') throw new NotCarried('names no header, cookie or parameter');
  const name = argument;
  switch (method) {
    case 'found':
      return { name, kind: 'present' as const };
    case 'str':
      return { name, kind: 'exact' as const, values: [...values] };
    case 'beg':
      return { name, kind: 'prefix' as const, values: [...values] };
    case 'sub':
      return { name, kind: 'contains' as const, values: [...values] };
    case 'end':
      return { name, kind: 'regex' as const, values: values.map((value) => `${literal(value)}$`) };
    case 'reg':
      return { name, kind: 'regex' as const, values: values.map(checked) };
    default:
      throw new NotCarried(`compares ${name} by ${method}`);
  }
}

function networkOf(text: string): string {
  const network = canonicalNetwork(text);
  if (network === null) throw new NotCarried(`has ${text} where an address or CIDR block belongs`);
  return network;
}
