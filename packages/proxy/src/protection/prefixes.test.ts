import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../reactor/simulated/random.ts';
import { CidrSet } from '../source-address/cidr-set.ts';
import { IpAddress } from '../source-address/ip-address.ts';
import { parsePrefix, resolvePrefixes, type SourceList } from './prefixes.ts';
import { ADMITTED, Refusal, type Verdict } from './refusal.ts';
import { VerdictTable } from './verdict-table.ts';

const address = (text: string) => {
  const parsed = new IpAddress();
  assert.ok(parsed.parseText(text), text);
  return parsed;
};
const list = (refusal: Refusal, ...texts: string[]): SourceList => ({
  refusal,
  rules: texts.map((text) => ({ allows: text[0] === '+', source: text.slice(1) })),
});
const verdictOf = (lists: readonly SourceList[], text: string) =>
  new VerdictTable(resolvePrefixes(lists)).of(address(text));

test('the first rule that has the address decides, and nobody is let in by none', () => {
  const group = [list(Refusal.securityGroup, '-10.1.0.0/16', '+10.0.0.0/8', '+10.1.2.3', '-0.0.0.0/0', '+::/0')];
  for (const [text, verdict] of [
    ['10.0.0.0', ADMITTED],
    ['10.255.255.255', ADMITTED],
    ['11.0.0.0', Refusal.securityGroup],
    ['9.255.255.255', Refusal.securityGroup],
    ['10.1.2.3', Refusal.securityGroup],
    ['::ffff:10.2.0.1', ADMITTED],
    ['::1', ADMITTED],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', ADMITTED],
    ['0.0.0.0', Refusal.securityGroup],
    ['255.255.255.255', Refusal.securityGroup],
  ] as const) {
    assert.equal(verdictOf(group, text), verdict, text);
  }
});

test('each of the lists has to allow it; the first that does not is the reason', () => {
  const lists = [
    list(Refusal.securityGroup, '+10.0.0.0/8'),
    list(Refusal.allowedSources, '+10.0.0.0/9', '+2001:db8::/32'),
  ];
  assert.equal(verdictOf(lists, '10.1.0.0'), ADMITTED);
  assert.equal(verdictOf(lists, '10.128.0.0'), Refusal.allowedSources);
  assert.equal(verdictOf(lists, '11.0.0.0'), Refusal.securityGroup);
  assert.equal(verdictOf(lists, '2001:db8::1'), Refusal.securityGroup);
});

test('a block is parsed as CidrSet does, and nothing else is', () => {
  assert.deepEqual(parsePrefix('::ffff:10.0.0.0/104'), { family: 4, first: 10n << 24n, length: 8 });
  assert.deepEqual(parsePrefix('2001:db8::1/32'), { family: 6, first: 0x20010db8n << 96n, length: 32 });
  for (const text of ['', '10.0.0.0/33', '10.0.0.0/x', '::/129', 'a'])
    assert.throws(() => parsePrefix(text), RangeError);
});

test('an address that could not be read is refused', () => {
  assert.notEqual(
    new VerdictTable(resolvePrefixes([list(Refusal.securityGroup, '+0.0.0.0/0')])).of(new IpAddress()),
    -1,
  );
});

for (let seed = 1; seed <= 300; seed++) {
  test(`the table says what the rules say one by one, seed ${seed}`, () => {
    const random = new Random(seed);
    // Few distinct bits, so that blocks lie within each other and meet at their ends.
    const bits = () => ['0', '1', '2', '127', '128', '255'][random.below(6)]!;
    const v4 = () => `${bits()}.${bits()}.${bits()}.${bits()}`;
    const v6 = () => `${bits()}:${bits()}::${bits()}`;
    const block = () => (random.below(3) === 0 ? `${v6()}/${random.below(129)}` : `${v4()}/${random.below(33)}`);
    const lists = Array.from({ length: 1 + random.below(2) }, (_, i) =>
      list(i as Refusal, ...Array.from({ length: random.below(24) }, () => (random.below(2) ? '+' : '-') + block())),
    );
    const table = new VerdictTable(resolvePrefixes(lists));
    for (let i = 0; i < 60; i++) {
      const asked = address(random.below(3) === 0 ? v6() : v4());
      let expected: Verdict = ADMITTED;
      for (const { rules, refusal } of lists) {
        const deciding = rules.find(({ source }) => new CidrSet([source]).has(asked));
        if (deciding?.allows === true) continue;
        expected = refusal;
        break;
      }
      assert.equal(table.of(asked), expected, `${asked} by ${JSON.stringify(lists)}`);
    }
  });
}
