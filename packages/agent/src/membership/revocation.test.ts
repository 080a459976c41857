import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordingLog } from '../../test/log.ts';
import { Revocation, type WhenRevoked } from './revocation.ts';

function revocation(whenRevoked: WhenRevoked) {
  const { log, lines } = recordingLog();
  const told = { lettingGo: 0 };
  const one = new Revocation({ nodeId: 'lb-1', whenRevoked, log, letGo: () => told.lettingGo++ });
  return { one, lines, told };
}

test('a node that was revoked serves on by default, and says once what to do', () => {
  const { one, lines, told } = revocation('serve');
  one.told();
  one.told();
  assert.deepEqual([one.isRevoked, one.hasLetGo, told.lettingGo, lines.length], [true, false, 0, 1]);
  assert.match(String(lines[0]!['msg']), /goes on with its last plan until it is stopped/);
  assert.equal(lines[0]!['remedy'], 'evenkeel node join-token create --node lb-1');
});

test('one that is to drain lets go once, and again when it is revoked again after it had come back', () => {
  const { one, told } = revocation('drain');
  one.lifted();
  one.told();
  one.told();
  assert.deepEqual([one.hasLetGo, told.lettingGo], [true, 1]);
  one.lifted();
  assert.deepEqual([one.isRevoked, one.hasLetGo], [false, false]);
  one.told();
  assert.equal(told.lettingGo, 2);
});
