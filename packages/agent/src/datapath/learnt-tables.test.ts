import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstGeneration, type Generation, nextGeneration } from '@evenkeel/flow/maglev/generations.ts';
import { SLOTS } from '@evenkeel/flow/maglev/slots.ts';
import { LearntTables } from './learnt-tables.ts';

const all = (number: number) => new Uint16Array(SLOTS).fill(number);
const nobody = () => false;
const slot = (table: Generation) => [table[0]! >>> 16, (table[0]! & 0x8000) !== 0, table[0]! & 0x7fff];

test('a table that nobody tells of begins anew, and goes on from there', () => {
  const tables = new LearntTables();
  const first = tables.next('web', all(1), null, nobody);
  assert.deepEqual(slot(first), [1, false, 1]);
  assert.deepEqual(slot(tables.next('web', all(2), first, nobody)), [1, true, 2]);
});

test('what the first seconds make of a table is derived from that of another node', () => {
  const tables = new LearntTables();
  const theirs = nextGeneration(all(2), firstGeneration(all(1)));
  const first = tables.next('web', all(2), null, nobody);
  assert.equal(tables.learn('web', theirs), true);
  assert.deepEqual(tables.next('web', all(2), first, nobody), theirs);
  const narrow = tables.next('web', all(3), theirs, nobody);
  assert.deepEqual(slot(narrow), [1, true, 3]);
  assert.deepEqual(tables.next('web', all(2), narrow, nobody), theirs, 'all targets are healthy again');
  tables.joined();
  assert.deepEqual(slot(tables.next('web', all(4), theirs, nobody)), [1, true, 4]);
  assert.equal(tables.learn('web', theirs), false);
});

test('a table that an earlier process has left is not given up for that of another node', () => {
  const tables = new LearntTables();
  const own = nextGeneration(all(2), firstGeneration(all(1)));
  tables.learn('web', firstGeneration(all(5)));
  assert.deepEqual(slot(tables.next('web', all(3), own, nobody)), [1, true, 3]);
});

test('the first node that tells of a service is believed, and the tables have a bound', () => {
  const tables = new LearntTables();
  const [one, two] = [firstGeneration(all(1)), firstGeneration(all(2))];
  assert.deepEqual([tables.learn('web', one), tables.learn('web', two)], [true, false]);
  assert.deepEqual(tables.next('web', all(1), null, nobody), one);
  for (let service = 1; service < 1_024; service++) assert.equal(tables.learn(`s${service}`, one), true);
  assert.equal(tables.learn('one more', one), false);
});
