import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { requiresKernelDatapath } from '@evenkeel/testbed/kernel-datapath.ts';
import { objectPath } from '../build/compile.ts';
import { Datapath } from '../datapath/datapath.ts';
import { firstGeneration } from '../maglev/generations.ts';
import { SLOTS } from '../maglev/slots.ts';
import { ensureBpfFileSystem } from './bpffs.ts';
import { DatapathUnavailable, load } from './libbpf.ts';
import { LoadedObject } from './object.ts';
import { removeOtherPins } from './pins.ts';

const mapSizes = { exceptions: 1024, listener_traffic: 64, target_traffic: 64 };
const LISTENER = { number: 1, service: 1, hashSeed: 1, idleSeconds: 60, mode: 'nat', affinity: 'flow' } as const;
const ENDPOINT = { address: '203.0.113.1', port: 80, protocol: 'tcp' } as const;

test('a library that is missing is a sentence with the remedy', () => {
  assert.throws(
    () => load('libbpf.so.999'),
    (error) => error instanceof DatapathUnavailable && /needs libbpf\.so\.999: on Debian, apt-get/.test(error.message),
  );
});

suite('loading', { skip: requiresKernelDatapath() }, () => {
  test('maps and programs of an object that is closed are used no more', async () => {
    const object = LoadedObject.load(objectPath('tcx'), { mapSizes });
    const map = object.map('exceptions');
    const { keySize, valueSize } = map.shape;
    for (let i = 0; i < 3; i++) map.set(Buffer.alloc(keySize, i), Buffer.alloc(valueSize));
    const keys = map.keys();
    keys.next();
    object.close();
    const key = Buffer.alloc(keySize);
    const uses = [() => map.get(key), () => map.delete(key), () => map.count(), () => keys.next(), () => map.take()];
    for (const use of uses) assert.throws(use, /this map is closed/);
    await assert.rejects(map.setInBackground(key, Buffer.alloc(valueSize)), /this map is closed/);
    assert.throws(() => object.program('balance_tcx'), /no program/);
    object.close();
  });

  test('a map that is full says which, and how much there is room for', () => {
    const room = { vips: 2, listener_ranges: 2 };
    using object = LoadedObject.load(objectPath('tcx'), { mapSizes: { ...mapSizes, ...room } });
    const datapath = new Datapath(object);
    const fill = (what: (at: number) => void) => {
      for (let at = 1; at <= 64; at++) what(at);
    };
    assert.throws(() => fill((at) => datapath.addVip(`203.0.113.${at}`)), /the kernel's map vips is full: 2 entries/);
    const range = (at: number) => ({ ...ENDPOINT, port: 100 * at, lastPort: 100 * at });
    const ranges = () => fill((at) => datapath.setListenerRange(range(at), LISTENER));
    assert.throws(ranges, /the kernel's map listener_ranges is full: 2 entries/);
  });

  test('a write on another thread is done before the object is closed', async () => {
    const object = LoadedObject.load(objectPath('tcx'), { mapSizes });
    const map = object.map('exceptions');
    const { keySize, valueSize } = map.shape;
    const memory = readlinkSync(`/proc/self/fd/${map.shape.descriptor}`);
    const writing = map.setInBackground(Buffer.alloc(keySize), Buffer.alloc(valueSize));
    object.close();
    assert.equal(readlinkSync(`/proc/self/fd/${map.shape.descriptor}`), memory, 'its descriptor is open still');
    await writing;
  });

  test('what is no object, or not there, is refused with its path, on another thread as well', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'evenkeel-flow-'));
    try {
      const path = join(folder, 'x.o');
      writeFileSync(path, 'not an object');
      assert.throws(() => LoadedObject.load(path), new RegExp(path));
      await assert.rejects(LoadedObject.loadInBackground(path), new RegExp(path));
      assert.throws(() => LoadedObject.load(`${path}.missing`), /x\.o\.missing.*no such file/i);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('keys and values of another size never reach the kernel', () => {
    using object = LoadedObject.load(objectPath('tcx'), { mapSizes });
    const vips = object.map('vips');
    assert.throws(() => vips.set(Buffer.alloc(15), Buffer.alloc(4)), RangeError);
    assert.throws(() => vips.set(Buffer.alloc(16), Buffer.alloc(5)), RangeError);
    assert.throws(() => vips.get(Buffer.alloc(17)), RangeError);
    assert.throws(() => vips.delete(Buffer.alloc(0)), RangeError);
    assert.throws(() => object.map('nothing'), /no map nothing/);
    assert.throws(() => object.program('nothing'), /no program nothing/);
  });

  test('entries can be written, read, walked and deleted', () => {
    using object = LoadedObject.load(objectPath('tcx'), { mapSizes });
    const vips = object.map('vips');
    const keys = [1, 2, 3].map((byte) => Buffer.alloc(16, byte));
    for (const key of keys) vips.set(key, Buffer.from([key[0]!, 0, 0, 0]));
    assert.equal(vips.get(keys[1]!)?.readUInt32LE(0), 2);
    assert.deepEqual([...vips.keys()].map((key) => key[0]).sort(), [1, 2, 3]);
    assert.equal(vips.delete(keys[1]!), true);
    assert.equal(vips.delete(keys[1]!), false);
    assert.equal(vips.get(keys[1]!), null);
  });

  test('a table of another length, and target 0, are refused', async () => {
    using object = LoadedObject.load(objectPath('tcx'), { mapSizes });
    const datapath = new Datapath(object);
    await assert.rejects(datapath.swapTable(1, new Uint32Array(SLOTS - 1)), RangeError);
    const target = { address: '192.0.2.1', port: null, tunnelSource: null, nextHop: null, gone: false };
    assert.throws(() => datapath.setTarget(0, target), /nobody/);
  });
});

suite('pinned maps', { skip: requiresKernelDatapath() }, () => {
  let mount = '';
  let pinFolder = '';

  before(() => {
    mount = mkdtempSync('/run/evenkeel-test-');
    ensureBpfFileSystem(mount);
    ensureBpfFileSystem(mount);
    pinFolder = join(mount, 'flow');
    mkdirSync(pinFolder);
  });
  after(() => {
    if (mount === '') return;
    execFileSync('umount', [mount]);
    rmdirSync(mount);
  });

  test('what one object wrote, the next one finds, though nobody had them open in between', async () => {
    {
      using object = LoadedObject.load(objectPath('tcx'), { mapSizes, pinFolder });
      const datapath = new Datapath(object);
      datapath.setListener(ENDPOINT, LISTENER);
      await datapath.swapTable(7, firstGeneration(new Uint16Array(SLOTS).fill(9)));
    }
    using object = LoadedObject.load(objectPath('tcx'), { mapSizes, pinFolder });
    const datapath = new Datapath(object);
    assert.equal(datapath.table(7)?.[0], 0x0009_0009);
    assert.equal(datapath.removeListener(ENDPOINT), true);
    assert.deepEqual(readdirSync(pinFolder).sort(), [...object.mapNames].sort());
  });

  test('a version with another layout has a map of its own beside, and the one before finds its own again', () => {
    const other = { mapSizes: { ...mapSizes, exceptions: 2048 }, pinFolder };
    const key = Buffer.alloc(40, 1);
    const pins = { before: new Set<string>(), after: new Set<string>() };
    {
      using before = LoadedObject.load(objectPath('tcx'), { mapSizes, pinFolder });
      using after = LoadedObject.load(objectPath('tcx'), other);
      before.map('exceptions').set(key, Buffer.alloc(8, 1));
      assert.equal(after.map('exceptions').get(key), null);
      after.map('exceptions').set(key, Buffer.alloc(8, 2));
      assert.equal(new Datapath(after).table(7)?.[0], 0x0009_0009, 'what has the same layout is shared');
      pins.before = new Set(before.pins);
      pins.after = new Set(after.pins);
    }
    {
      using before = LoadedObject.load(objectPath('tcx'), { mapSizes, pinFolder });
      using after = LoadedObject.load(objectPath('xdp'), other);
      assert.deepEqual(
        [before.map('exceptions').get(key)?.[0], after.map('exceptions').get(key)?.[0]],
        [1, 2],
        'at both entry points',
      );
      assert.deepEqual([before.pins, after.pins], [pins.before, pins.after]);
    }
    assert.deepEqual(
      removeOtherPins(pinFolder, pins.after, () => true),
      ['exceptions'],
    );
    assert.equal(readdirSync(pinFolder).length, pins.after.size);
    using again = LoadedObject.load(objectPath('tcx'), other);
    assert.equal(again.map('exceptions').get(key)?.[0], 2, 'which is found without the other one, too');
  });
});
