import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pino } from 'pino';
import { Attachments } from './attachments.ts';

test('a device whose frames have no Ethernet header takes no program, and the log says so once', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-attachments-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(JSON.parse(line).reason ?? '') });
  const asked: string[] = [];
  const attachments = new Attachments(
    folder,
    async () => {
      asked.push('a program');
      throw new Error('there is none here');
    },
    log,
    'tcx',
    { look: (name) => (name === 'gone0' ? null : { index: 7, isEthernet: name !== 'wg0' }) },
  );
  for (let look = 0; look < 2; look++) assert.equal(await attachments.set(['wg0', 'gone0']), false);
  assert.equal(attachments.failure, 'wg0 takes no program: its frames have no Ethernet header');
  assert.deepEqual([asked, lines], [[], ['its frames have no Ethernet header']]);
  await attachments.set(['wg0', 'eth0']);
  assert.deepEqual(asked, ['a program']);
});
