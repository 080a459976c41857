import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ApiError } from '@evenkeel/client/errors.ts';
import type { ConfigurationResult } from '@evenkeel/model/resources/document.ts';
import { EXIT } from '../exit-codes.ts';
import type { CliFailure } from '../failure.ts';
import type { Io } from '../io.ts';
import { painter } from '../output/colour.ts';
import { changesText, differs, summaryText } from './changes.ts';
import { problemInFiles } from './problem.ts';
import { parseDocuments, readDocuments } from './read.ts';

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-documents-'));
after(() => rmSync(folder, { recursive: true }));

function failure(work: () => unknown): CliFailure {
  try {
    work();
  } catch (error) {
    return error as CliFailure;
  }
  return assert.fail('nothing was thrown');
}

const TWO = `# a comment
loadBalancers:
  - name: web
    tags: &shared {team: shop}
    listeners:
      - protocol: http
        port: 80
---
---
loadBalancers:
  - name: mail
    tags: *shared
`;

test('load balancers of several documents, in order, with their places', () => {
  const entries = parseDocuments('a.yaml', TWO.replace('*shared', '{}'));
  assert.deepEqual(
    entries.map(({ value }) => value),
    [
      { name: 'web', tags: { team: 'shop' }, listeners: [{ protocol: 'http', port: 80 }] },
      { name: 'mail', tags: {} },
    ],
  );
  const [web, mail] = entries.map(({ place }) => place);
  assert.equal(web.at('listeners', '0', 'port').line, 'a.yaml:7:9');
  assert.equal(web.at('listeners', '0', 'port').field, 'loadBalancers[0].listeners[0].port');
  assert.equal(web.at('listeners', '0', 'absent').line, 'a.yaml:6:9', 'the nearest that is there');
  assert.equal(web.at('listeners', '7', 'port').line, 'a.yaml:5:5');
  assert.equal(mail.at('name').line, 'a.yaml:11:5');
});

test('places behind an alias are where the value is written', () => {
  const [entry] = parseDocuments('a.yaml', 'loadBalancers:\n  - tags: &t\n      a: 1\n    other: *t\n');
  assert.equal(entry.place.at('other', 'a').line, 'a.yaml:3:7');
});

test('JSON is YAML', () => {
  const [entry] = parseDocuments('a.json', '{"loadBalancers": [\n\t{"name": "web", "listeners": []}]}');
  assert.deepEqual(entry.value, { name: 'web', listeners: [] });
});

for (const [what, text, expected] of [
  ['a key twice', 'loadBalancers:\n  - name: a\n    name: b\n', /^a\.yaml:3:5: Map keys must be unique/],
  ['no end', 'loadBalancers: [', /^a\.yaml:1:17: /],
] as const) {
  test(`not YAML: ${what}`, () => {
    const { exitCode, details } = failure(() => parseDocuments('a.yaml', text));
    assert.equal(exitCode, EXIT.usage);
    assert.match(details.join('\n'), expected);
  });
}

for (const [what, text, expected] of [
  ['another kind of document', 'loadBalancer: []', /^a\.yaml:1:1: loadBalancer is not known here/],
  ['a list', '- name: web', /^a\.yaml:1:1: the document is no mapping/],
  ['one load balancer', 'loadBalancers:\n  name: web', /^a\.yaml:1:1: loadBalancers is no list/],
  ['an alias of another document', TWO, /^a\.yaml:12:11: there is no anchor &shared/],
  ['text', 'hello', /^a\.yaml:1:1: the document is no mapping/],
] as const) {
  test(`no configuration: ${what}`, () =>
    assert.match(failure(() => parseDocuments('a.yaml', text)).message, expected));
}

test('aliases that multiply beyond reason are refused', () => {
  const level = (name: string, of: string) => `${name}: &${name} [${Array(20).fill(`*${of}`).join(', ')}]`;
  const text = `loadBalancers:\n  - {a: &a [x], ${level('b', 'a')}, ${level('c', 'b')}, ${level('d', 'c')}}`;
  assert.match(failure(() => parseDocuments('a.yaml', text)).message, /a\.yaml: .*alias/i);
});

test('files and standard input', async () => {
  const path = join(folder, 'web.yaml');
  writeFileSync(path, 'loadBalancers: [{name: web}]');
  const io = { readInput: async () => 'loadBalancers: [{name: piped}]' } as unknown as Io;
  const entries = await readDocuments([path, '-'], io);
  assert.deepEqual(
    entries.map(({ value }) => value),
    [{ name: 'web' }, { name: 'piped' }],
  );
  assert.equal(entries[1].place.line, 'standard input:1:17');
  await assert.rejects(readDocuments([join(folder, 'absent')], io), {
    exitCode: EXIT.usage,
    message: /there is no file/,
  });
  await assert.rejects(readDocuments([folder], io), /is a folder/);
  writeFileSync(path, '# nothing\n');
  await assert.rejects(readDocuments([path], io), /there is no configuration in/);
});

test('errors of the API are said of the file they come from', () => {
  const entries = [
    ...parseDocuments('a.yaml', TWO.replace('*shared', '{}')),
    ...parseDocuments('b.yaml', TWO.replace('*shared', '{}')),
  ];
  const error = new ApiError({
    type: '',
    title: 'Validation failed',
    status: 400,
    code: 'validation-failed',
    detail: '',
    errors: [
      {
        field: '/loadBalancers/2/listeners/0/port',
        reason: 'is out of range',
        allowed: { minimum: 1, maximum: 65535 },
      },
      { field: '/dryRun', reason: 'is wrong' },
    ],
  });
  const { exitCode, message, details } = problemInFiles(error, entries);
  assert.equal(exitCode, EXIT.usage);
  assert.equal(message, 'Validation failed; nothing was changed:');
  assert.deepEqual(details, [
    'b.yaml:7:9: loadBalancers[0].listeners[0].port: is out of range (allowed: 1 to 65535)',
    'dryRun: is wrong',
  ]);
});

const RESULT: ConfigurationResult = {
  dryRun: true,
  generation: 7,
  operationId: null,
  summary: { created: 1, updated: 1, deleted: 1, unchanged: 2 },
  changes: [
    {
      action: 'unchanged',
      kind: 'loadBalancer',
      id: 'lb-1',
      name: 'web',
      loadBalancer: 'web',
      parent: null,
      fields: [],
    },
    {
      action: 'created',
      kind: 'listener',
      id: null,
      name: 'http-80',
      loadBalancer: 'web',
      parent: null,
      fields: [
        { field: 'port', before: null, after: 80 },
        { field: 'description', before: null, after: '' },
        { field: 'idleTimeout', before: null, after: 60, isDefault: true },
      ],
    },
    {
      action: 'updated',
      kind: 'backendService',
      id: 'svc-1',
      name: 'blue',
      loadBalancer: 'mail',
      parent: null,
      fields: [{ field: 'healthCheck.codes', before: ['2xx', '3xx'], after: ['2xx'] }],
    },
    {
      action: 'deleted',
      kind: 'target',
      id: 'tgt-1',
      name: '10.0.0.1:8080',
      loadBalancer: 'web',
      parent: 'blue',
      fields: [{ field: 'weight', before: 10, after: null }],
    },
  ],
};

test('differences by load balancer', () => {
  const paint = painter({ env: {}, outIsTerminal: false });
  assert.equal(
    changesText(RESULT, paint),
    [
      '+ listener web/http-80',
      '    port: 80',
      '- target web/blue/10.0.0.1:8080',
      '~ backend service mail/blue',
      '    healthCheck.codes: 2xx, 3xx → 2xx',
      '',
    ].join('\n'),
  );
  assert.equal(summaryText(RESULT), '1 to create, 1 to change, 1 to delete; 2 as they are.');
  assert.equal(differs(RESULT), true);
});

test('no difference', () => {
  const summary = { created: 0, updated: 0, deleted: 0, unchanged: 3 };
  assert.equal(summaryText({ dryRun: false, summary }), 'No difference; 3 as they are.');
  assert.equal(differs({ summary }), false);
});

test('on a terminal, what comes is green, what goes is red', () => {
  const text = changesText(RESULT, painter({ env: {}, outIsTerminal: true }));
  assert.ok(text.includes('\u001B[32m+ listener web/http-80\u001B[39m'));
  assert.ok(text.includes('\u001B[31m2xx, 3xx\u001B[39m → \u001B[32m2xx\u001B[39m'));
});
