import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PlannedAction, PlannedHeaderEdit, PlannedRewrite } from '@evenkeel/model/plan/rules.ts';
import type { FieldTable } from '../../http1/fields.ts';
import { InsertBlock } from '../../http1/insert-block.ts';
import { RequestHead } from '../../http1/request-head.ts';
import { CheckedArena } from '../../reactor/simulated/checked-arena.ts';
import { RequestIds } from '../../telemetry/request-ids.ts';
import { HostName } from '../request/host-name.ts';
import { HeaderEdits } from './header-edits.ts';
import { PathRewrite } from './path-rewrite.ts';
import { Redirect, SLASH_REDIRECT } from './redirect.ts';
import { VariableValues } from './variables.ts';
import { WeightedServices } from './weighted-services.ts';

const arena = new CheckedArena(4);
const out = new InsertBlock(arena);

function written(write: (block: InsertBlock) => boolean): string | null {
  out.clear();
  return write(out) ? Buffer.from(arena.memory.subarray(out.start, out.end)).toString('latin1') : null;
}

interface Parsed {
  readonly head: RequestHead;
  readonly host: HostName;
  readonly pathEnd: number;
}

/** Parses a request in memory of the arena. */
function parsed(target: string, host: string | null, fields = ''): Parsed {
  const version = host === null ? '1.0' : '1.1';
  const text = `GET ${target} HTTP/${version}\r\n${host === null ? '' : `Host: ${host}\r\n`}${fields}\r\n`;
  const base = arena.intern(Buffer.from(text, 'latin1')).start;
  const head = new RequestHead();
  assert.equal(head.parse(arena.memory, base, base + text.length), 0);
  const name = new HostName();
  if (head.host >= 0) name.read(arena.memory, head.fields.valueStart(head.host), head.fields.valueEnd(head.host));
  const question = target.indexOf('?');
  return { head, host: name, pathEnd: question < 0 ? head.targetEnd : head.targetStart + question };
}

type PlannedRedirect = Extract<PlannedAction, { type: 'redirect' }>;
const KEEP: PlannedRedirect = {
  type: 'redirect',
  status: 301,
  protocol: null,
  host: null,
  port: null,
  path: null,
  query: null,
};

describe('Redirect', () => {
  const to = (
    changes: Partial<PlannedRedirect>,
    target: string,
    host: string | null,
    scheme: 'http' | 'https' = 'http',
    localPort = 80,
  ): string | null => {
    const request = { memory: arena.memory, ...parsed(target, host), scheme, localAddress: '2001:db8::1', localPort };
    return written((block) => new Redirect({ ...KEEP, ...changes }).write(block, request, false));
  };

  for (const [changes, target, host, expected] of [
    [{ protocol: 'https' }, '/a?b', 'x.y', 'https://x.y/a?b'],
    [{ protocol: 'https' }, '/', 'x.y:8080', 'https://x.y:8080/'],
    [{ protocol: 'https', port: 0 }, '/', 'x.y:8080', 'https://x.y/'],
    [{ protocol: 'https', port: 443 }, '/', 'x.y:8080', 'https://x.y/'],
    [{ protocol: 'https', port: 80 }, '/', 'x.y', 'https://x.y:80/'],
    [{ port: 80 }, '/', 'x.y:8080', 'http://x.y/'],
    [{ host: 'new' }, '/a', 'x.y:8080', 'http://new:8080/a'],
    [{ host: 'new', port: 0 }, '/a', 'x.y:8080', 'http://new/a'],
    [{ path: '/p' }, '/a?q', 'x', 'http://x/p?q'],
    [{ path: 'p ä\r\nX: y' }, '/a', 'x', 'http://x/p%20%C3%A4%0D%0AX:%20y'],
    [{ query: 'n=1' }, '/a?q', 'x', 'http://x/a?n=1'],
    [{ query: '' }, '/a?q', 'x', 'http://x/a'],
    [{ path: '/p' }, '//evil.example/a', 'x', 'http://x/p'],
    [{ protocol: 'https' }, '//evil.example/a', 'x', 'https://x//evil.example/a'],
    [{ path: '/p' }, '/a', 'x.y:', 'http://x.y/p'],
    [{ protocol: 'https' }, '/a', null, 'https://[2001:db8::1]/a'],
  ] as const) {
    test(`${JSON.stringify(changes)} of ${host ?? ''}${target}`, () => {
      assert.equal(to(changes, target, host), expected);
    });
  }

  test('a client without Host is told the port that it came to', () => {
    assert.equal(to({ path: '/p' }, '/', null, 'http', 8080), 'http://[2001:db8::1]:8080/p');
    assert.equal(to({ path: '/p' }, '/', null, 'https', 443), 'https://[2001:db8::1]/p');
  });

  test('to the same path with a slash', () => {
    const request = { memory: arena.memory, ...parsed('/a?b=c', 'x'), scheme: 'https' as const };
    const whole = { ...request, localAddress: '10.0.0.1', localPort: 443 };
    assert.equal(
      written((block) => SLASH_REDIRECT.write(block, whole, true)),
      'https://x/a/?b=c',
    );
  });
});

describe('PathRewrite', () => {
  const rewritten = (path: NonNullable<PlannedRewrite['path']>, target: string, prefix = 0): string | null => {
    const { head, pathEnd } = parsed(target, 'x');
    return written((block) => new PathRewrite(path).write(block, arena.memory, head.pathStart, pathEnd, prefix));
  };
  const regex = (pattern: string, replacement: string) => ({ kind: 'regex' as const, pattern, replacement });

  for (const [path, target, prefix, expected] of [
    [{ kind: 'whole', pattern: '', replacement: '/new' }, '/a/b?c', 0, '/new'],
    [{ kind: 'whole', pattern: '', replacement: 'new' }, '/a', 0, '/new'],
    [{ kind: 'whole', pattern: '', replacement: '' }, '/a', 0, '/'],
    [{ kind: 'prefix', pattern: '', replacement: '/v2' }, '/v1/x', 3, '/v2/x'],
    [{ kind: 'prefix', pattern: '', replacement: '' }, '/v1/x', 3, '/x'],
    [{ kind: 'prefix', pattern: '', replacement: '' }, '/v1', 3, '/'],
    [{ kind: 'prefix', pattern: '', replacement: '/in' }, '/x', 0, '/in/x'],
    [{ kind: 'prefix', pattern: '', replacement: '$1' }, '/v1/x', 3, '/$1/x'],
    [regex('^/(\\w+)/(\\d+)$', '/$2/$1/$3'), '/a/1', 0, '/1/a/'],
    [regex('b', 'X'), '/abcb', 0, '/aXcb'],
    [regex('%c3%a9', 'e'), '/caf%C3%A9', 0, '/cafe'],
    [regex('z', 'X'), '/abc', 0, '/abc'],
    [regex('^/', ''), '/abc', 0, '/abc'],
    [regex('(x)?b', '[$1]'), '/ab', 0, '/a[]'],
    [regex('a', 'ä?#'), '/a', 0, '/%C3%A4%3F%23'],
  ] as const) {
    test(`${path.kind} ${path.pattern} → ${path.replacement} of ${target}`, () => {
      assert.equal(rewritten(path, target, prefix), expected);
    });
  }

  test('what would be too long is not written', () => {
    const { head, pathEnd } = parsed(`/${'a'.repeat(8_000)}`, 'x');
    const rewrite = new PathRewrite(regex('(.*)', '$1'.repeat(9)));
    assert.equal(
      written((block) => rewrite.write(block, arena.memory, head.pathStart, pathEnd, 0)),
      null,
    );
  });
});

describe('HeaderEdits', () => {
  const edit = (operation: PlannedHeaderEdit['operation'], name: string, value = ''): PlannedHeaderEdit => ({
    operation,
    name,
    value,
  });
  const values = new VariableValues(new RequestIds('0123456789abcdef'));
  const client = { remoteAddress: '10.1.1.1', remotePort: 0, localAddress: '10.0.0.1', localPort: 80, tls: null };

  const lines = (edits: readonly PlannedHeaderEdit[], request = parsed('/p?q', 'h:80')): string | null => {
    const compiled = new HeaderEdits(edits);
    values.take(compiled.variables, client, arena.memory, request.head, request.host, request.pathEnd, 0);
    return written((block) => compiled.write(block, values));
  };

  test('come to the same as doing one after the other', () => {
    const edits = new HeaderEdits([
      edit('add', 'A', '1'),
      edit('set', 'A', '2'),
      edit('add', 'a', '3'),
      edit('set', 'B', '1'),
      edit('remove', 'b'),
      edit('add', 'C', '1'),
    ]);
    assert.deepEqual([...edits.removed], ['a', 'b']);
    assert.equal(
      written((block) => edits.write(block, values)),
      'A: 2\r\na: 3\r\nC: 1\r\n',
    );
  });

  test('never touch framing, routing and forwarding, nor end a line', () => {
    const names = [
      'Host',
      'Content-Length',
      'transfer-encoding',
      'Connection',
      'TE',
      'Upgrade',
      'X-Forwarded-For',
      'Forwarded',
      'content_length',
      'a b',
      'a\r\nb',
      '',
    ];
    assert.equal(new HeaderEdits(names.map((name) => edit('set', name, 'x'))).isEmpty, true);
    assert.equal(lines([edit('set', 'A', 'x\r\nB: y\u0000')]), 'A: xB: y\r\n');
  });

  test('fill variables in', () => {
    for (const [value, expected] of [
      ['${client_address}:${client_port}', '10.1.1.1:'],
      ['${host}', 'h'],
      ['${method} ${path}', 'GET /p'],
      ['${listener_address} ${listener_port} ${protocol}', '10.0.0.1 80 http'],
      ['[${tls_version}${tls_cipher}${tls_server_name}]', '[]'],
      ['${request_id}', '0123456789abcdef0000000000000001'],
      ['${unknown} $host ${', '${unknown} $host ${'],
      ['ä', 'Ã¤'],
    ] as const) {
      assert.equal(lines([edit('set', 'V', value)]), `V: ${expected}\r\n`);
    }
  });

  test('a request id that the client sends is taken over, if it is not too long', () => {
    const id = [edit('set', 'V', '${request_id}')];
    assert.equal(lines(id, parsed('/', 'h', 'X-Request-Id: abc\r\n')), 'V: abc\r\n');
    const long = lines(id, parsed('/', 'h', `X-Request-Id: ${'a'.repeat(129)}\r\n`));
    assert.match(String(long), /^V: 0123456789abcdef[0-9a-f]{16}\r\n$/);
  });

  test('lines that find no room are not half a request', () => {
    assert.equal(
      lines(
        Array.from({ length: 20 }, () => edit('add', 'V', '${path}'.repeat(8))),
        parsed(`/${'a'.repeat(8_000)}`, 'h'),
      ),
      null,
    );
  });

  test('take fields away in either spelling', () => {
    const { head } = parsed('/', 'h', 'X-User: 1\r\nx_user: 2\r\nX-Users: 3\r\nX-Use: 4\r\n');
    const edits = new HeaderEdits([edit('remove', 'x-user')]);
    const { fields } = head;
    const removed = indexes(fields).filter((index) => edits.removes(arena.memory, fields, index));
    assert.deepEqual(removed, [1, 2]);
  });
});

function indexes(fields: FieldTable): number[] {
  return Array.from({ length: fields.count }, (_, index) => index);
}

describe('WeightedServices', () => {
  const shares = (services: readonly (readonly [string, number])[]): Map<string | null, number> => {
    const weighted = new WeightedServices(services.map(([service, weight]) => ({ service, weight })));
    const counts = new Map<string | null, number>();
    for (let client = 0; client < 10_000; client++) {
      const service = weighted.pick(Math.imul(client, 2_654_435_761) >>> 0);
      counts.set(service, (counts.get(service) ?? 0) + 1);
    }
    return counts;
  };

  test('gives each service its share of the clients', () => {
    const counts = shares([
      ['a', 70],
      ['b', 0],
      ['c', 30],
    ]);
    assert.ok(Math.abs((counts.get('c') ?? 0) - 3_000) < 200, String(counts.get('c')));
    assert.equal(counts.get('b'), undefined);
  });

  test('gives nobody a service without weight', () => {
    assert.deepEqual([...shares([['a', 0]]).keys()], [null]);
    assert.deepEqual([...shares([]).keys()], [null]);
  });

  test('clients of a growing canary stay there', () => {
    const small = new WeightedServices([
      { service: 'old', weight: 90 },
      { service: 'new', weight: 10 },
    ]);
    const large = new WeightedServices([
      { service: 'old', weight: 70 },
      { service: 'new', weight: 30 },
    ]);
    for (let client = 0; client < 5_000; client++) {
      const hash = Math.imul(client, 2_654_435_761) >>> 0;
      if (small.pick(hash) === 'new') assert.equal(large.pick(hash), 'new');
    }
  });
});
