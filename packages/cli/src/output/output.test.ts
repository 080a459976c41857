import assert from 'node:assert/strict';
import { test } from 'node:test';
import { painter } from './colour.ts';
import { csv } from './csv.ts';
import { details } from './details.ts';
import { table } from './table.ts';
import { count, oneLine, valueText } from './text.ts';

const plain = painter({ env: {}, outIsTerminal: false });
const coloured = painter({ env: {}, outIsTerminal: true });

test('colours are for terminals that want them', () => {
  assert.equal(plain('red', 'x'), 'x');
  assert.equal(coloured('red', 'x'), '\u001B[31mx\u001B[39m');
  assert.equal(painter({ env: { NO_COLOR: '1' }, outIsTerminal: true })('red', 'x'), 'x');
  assert.equal(painter({ env: { TERM: 'dumb' }, outIsTerminal: true })('red', 'x'), 'x');
});

test('text of others cannot move the cursor', () => {
  assert.equal(oneLine('a\u001B[2J\u001B]0;title\u0007b\nc\r\u0085d\u2028e'), 'ab c d e');
});

test('values', () => {
  assert.equal(valueText(null), '–');
  assert.equal(valueText([]), '–');
  assert.equal(valueText({}), '–');
  assert.equal(valueText(false), 'false');
  assert.equal(valueText(0), '0');
  assert.equal(valueText(['2xx', '3xx']), '2xx, 3xx');
  assert.equal(valueText({ team: 'shop', stage: '' }), 'team=shop, stage=–');
  assert.deepEqual([count(1, 'node'), count(0, 'node')], ['1 node', '0 nodes']);
});

test('fields of CSV are text, also where a spreadsheet would see a formula', () => {
  const row = ['=HYPERLINK("http://x";"y")', '\t@sum(1)', '-a', { '+x': '1' }, '＝1+1', 'a=b', -1, null, 'a,b'];
  const cells = [`"'=HYPERLINK(""http://x"";""y"")"`, `' @sum(1)`, `'-a`, `'+x=1`, `'＝1+1`, 'a=b', '-1', '', '"a,b"'];
  const heads = row.map((_, i) => `h${i}`);
  assert.equal(csv(heads, [row]), `${heads.join(',')}\r\n${cells.join(',')}\r\n`);
});

test('columns line up, also for wide characters and in colour', () => {
  const items = [
    { name: '前端', state: 'healthy' },
    { name: 'web', state: 'unhealthy' },
  ];
  const columns = [
    { head: 'NAME', of: (item: (typeof items)[number]) => item.name },
    { head: 'STATE', of: (item: (typeof items)[number]) => item.state },
  ];
  assert.equal(table(columns, items, plain), 'NAME  STATE\n前端  healthy\nweb   unhealthy\n');
  const lines = table(columns, items, coloured).split('\n');
  assert.equal(lines[2], 'web   \u001B[31munhealthy\u001B[39m');
  assert.equal(table(columns, [], plain), 'NAME  STATE\n');
});

test('an object field by field', () => {
  const object = {
    name: 'web',
    vip: null,
    healthCheck: { path: '/', codes: ['2xx'] },
    tags: {},
    nodes: [{ node: 'n1', state: 'active' }],
  };
  assert.equal(
    details(object, plain),
    [
      'name:        web',
      'vip:         –',
      'healthCheck:',
      '  path:  /',
      '  codes: 2xx',
      'tags:        –',
      '',
      'nodes',
      '  node  state',
      '  n1    active',
      '',
    ].join('\n'),
  );
});
