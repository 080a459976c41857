import assert from 'node:assert/strict';
import { BlockList, isIP } from 'node:net';
import { type FuzzTarget, latin1 } from '@evenkeel/testbed/fuzz/target.ts';
import { FieldTable, parseFields } from '../http1/fields.ts';
import { HeadError } from '../http1/head-error.ts';
import { CidrSet } from './cidr-set.ts';
import { walkForwardedFor } from './forwarded-for.ts';
import { endsBetweenElements } from './forwarded-list.ts';
import { IpAddress } from './ip-address.ts';

const TRUSTED = ['10.0.0.0/8', '2001:db8:1::/48'];
const trusted = new CidrSet(TRUSTED);
const reference = new BlockList();
reference.addSubnet('10.0.0.0', 8);
reference.addSubnet('2001:db8:1::', 48, 'ipv6');

const field = (value: string): Uint8Array => latin1(`X-Forwarded-For: ${value}\r\n\r\n`);

/** The walk along X-Forwarded-For, held against one that is made of strings, regular expressions and Node's own parser. */
export const forwardedForFuzz: FuzzTarget = {
  name: 'forwarded-for',
  seeds: [
    field('192.0.2.7'),
    field('192.0.2.7, 10.0.0.1,10.0.0.2'),
    field('[2001:db8::7]:80, 2001:db8:1::1'),
    field('192.0.2.7:80, unknown, 10.0.0.1'),
    field('::ffff:10.0.0.1, [::ffff:10.0.0.2]'),
    latin1('X-Forwarded-For: 192.0.2.7\r\nx: y\r\nx-forwarded-for: 10.0.0.1\r\nX-FORWARDED-FOR:\r\n\r\n'),
  ],
  words: [
    'X-Forwarded-For: ',
    '10.0.0.1',
    '192.0.2.7',
    '2001:db8:1::2',
    '[',
    ']',
    ':',
    ',',
    ' ',
    '\t',
    '::',
    ':80',
    '\r\n',
    '"',
    '\\',
  ].map(latin1),
  check: checkWalk,
};

const table = new FieldTable();
const address = new IpAddress();
const scratch = new IpAddress();

function checkWalk(input: Uint8Array): string {
  const memory = Uint8Array.from(input);
  if (parseFields(memory, null, 0, memory.length, table) !== HeadError.none) return 'no head';
  assert.ok(address.parseText('10.0.0.1'));
  const port = walkForwardedFor(memory, table, trusted, address, scratch);
  const text = Buffer.from(memory).toString('latin1');
  const values = Array.from({ length: table.count }, (_, i) => ({
    name: text.slice(table.nameStart(i), table.nameEnd(i)).toLowerCase(),
    value: text.slice(table.valueStart(i), table.valueEnd(i)),
  })).flatMap(({ name, value }) => (name === 'x-forwarded-for' ? [value] : []));
  const expected = referenceWalk(values.join(','));
  assert.deepEqual({ client: `${address}`, port }, expected);
  for (const value of values) {
    assert.equal(endsBetweenElements(Buffer.from(value, 'latin1'), 0, value.length), isBalanced(value), value);
  }
  return `${values.length} ${port < 0 ? 'none' : port > 0} ${address.family} ${reference.check(expected.client, expected.client.includes(':') ? 'ipv6' : 'ipv4')}`;
}

function referenceWalk(list: string): { client: string; port: number } {
  let client = '10.0.0.1';
  let port = -1;
  let hops = 0;
  for (const element of list.split(',').reverse()) {
    const node = element.replace(/^[ \t]+|[ \t]+$/g, '');
    if (node === '') continue;
    const parts = /^(?:\[([^\]]*)\]|([^:]*\.[^:]*)|([^[]*))(?::([0-9]{1,5}))?$/.exec(node);
    const bare = isIP(node) !== 0 ? node : (parts?.[1] ?? parts?.[2] ?? '');
    const told = isIP(node) !== 0 ? 0 : Number(parts?.[4] ?? 0);
    if (hops++ === 64 || isIP(bare) === 0 || bare.includes('%') || told > 65_535) break;
    const read = new IpAddress();
    assert.ok(read.parseText(bare), bare);
    client = `${read}`;
    port = told;
    if (!reference.check(client, client.includes(':') ? 'ipv6' : 'ipv4')) break;
  }
  return { client, port };
}

/** Whether quotes are closed, and none of them is behind a backslash within quotes. */
function isBalanced(value: string): boolean {
  return /^(?:[^"]|"(?:[^"\\]|\\[\s\S])*")*$/.test(value);
}
