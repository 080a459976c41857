import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { add, cpuOf, hostCpu, othersCpu, parseStat, since, total } from './cpu.ts';

const TAIL = 'S 1 2 2 0 -1 4194560 100 0 0 0 150 250 30 40 20 0 1 0 100 1000 10 0';

test('user and system time are fields 14 and 15, in hundredths of a second', () => {
  assert.deepEqual(parseStat(`42 (nginx) ${TAIL}`), { user: 1.5, system: 2.5 });
});

test('the time of children that were waited for is added on demand', () => {
  assert.deepEqual(parseStat(`42 (nginx) ${TAIL}`, true), { user: 1.8, system: 2.9 });
});

test('a name with brackets and spaces does not move the fields', () => {
  assert.deepEqual(parseStat(`42 (a) R (b c) ${TAIL}`), { user: 1.5, system: 2.5 });
});

test('times are added and subtracted by kind', () => {
  const a = { user: 1, system: 2 };
  const b = { user: 4, system: 8 };
  assert.deepEqual(add(a, b), { user: 5, system: 10 });
  assert.deepEqual(since(a, b), { user: 3, system: 6 });
  assert.equal(total(b), 12);
});

test('this process has used some time, and the machine no less', () => {
  const own = total(cpuOf([process.pid]));
  assert.ok(own >= 0 && own <= total(hostCpu()) + 0.02);
});

test('what another process uses is in the time of the others, and stays there when it ends', async () => {
  // A shell that waits for one that counts to 300,000: tenths of a second.
  const counting = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done';
  const shell = spawn('sh', ['-c', `sh -c '${counting}'; echo; read line`], { stdio: ['pipe', 'pipe', 'ignore'] });
  const before = othersCpu([]);
  await once(shell.stdout, 'data');
  const used = total(parseStat(readFileSync(`/proc/${shell.pid}/stat`, 'latin1'), true));
  const after = othersCpu([]);
  shell.stdin.end();
  assert.ok(used >= 0.05, `${used} s`);
  assert.ok(after - before >= used - 0.02, `${after - before} of ${used} s`);
});
