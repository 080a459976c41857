import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordingLog } from '../../test/log.ts';
import { Containers } from './containers.ts';

/** `found`: what the kernel says of devices, one look after the other; an error is thrown. */
function scene(setting: 'direct' | 'device', ...found: (readonly number[] | Error)[]) {
  const told: (readonly number[])[] = [];
  const { log, lines } = recordingLog();
  const look = () => {
    const next = found.shift()!;
    if (next instanceof Error) throw next;
    return next;
  };
  const containers = new Containers({ setContainers: (devices) => void told.push(devices) }, setting, log, look);
  return { containers, told, lines };
}

test('programs are told of containers at first, and then only when others are there', () => {
  const { containers, told } = scene('direct', [], [7], [7], [7, 9]);
  for (let look = 0; look < 4; look++) containers.follow();
  assert.deepEqual(told, [[], [7], [7, 9]]);
});

test('where the kernel does not say, packets go by the devices, which is logged once', () => {
  const { containers, told, lines } = scene('direct', [7], new Error('no'), new Error('no'), [7]);
  for (let look = 0; look < 4; look++) containers.follow();
  assert.deepEqual(told, [[7], [], [7]]);
  assert.equal(lines.filter(({ level }) => level === 40).length, 1);
});

test('told not to, it hands nothing over, and takes back what an earlier process has told', () => {
  const { containers, told } = scene('device');
  containers.follow();
  containers.follow();
  assert.deepEqual(told, [[]]);
});
