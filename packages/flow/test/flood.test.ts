import assert from 'node:assert/strict';
import { test } from 'node:test';
import { internetChecksum, pseudoHeader } from '@evenkeel/testbed/packets/checksum.ts';
import { type Packet, packet } from '@evenkeel/testbed/packets/packet.ts';
import { bothEntryPoints, CLIENT, CLIENT6, LISTENER, type Scene, TARGET, TARGET6, VIP, VIP6 } from './scene.ts';

const ALARM = 5;
const REDIRECT = { xdp: 4, tcx: 7 };

async function prepare(scene: Scene): Promise<void> {
  const { datapath } = scene;
  datapath.setTarget(1, scene.target());
  datapath.setTarget(2, scene.target({ address: TARGET6 }));
  datapath.setListener({ address: VIP, port: 80, protocol: 'tcp' }, scene.listener({ limited: true }));
  datapath.setListener({ address: VIP6, port: 80, protocol: 'tcp' }, scene.listener({ limited: true, service: 9 }));
  datapath.setLimits(LISTENER, { packets: null, flows: null, syns: { alarm: ALARM, calm: 2 } });
  await scene.useTargets(1);
  await scene.useTargets(2, 2, 9);
}

const FAMILIES = [
  { name: 'IPv4', client: CLIENT, vip: VIP, target: TARGET, transport: 34 },
  { name: 'IPv6', client: CLIENT6, vip: VIP6, target: TARGET6, transport: 54 },
] as const;

bothEntryPoints('a flood of SYN', prepare, (scene) => {
  const syn = (client: string, port: number, to = VIP) => packet().ip(client, to).tcp(port, 80, 'S');
  const isRedirect = (verdict: number) => verdict === REDIRECT.xdp || verdict === REDIRECT.tcx;
  /** Until the alarm is up: the second may change between two of them. */
  const raise = () => {
    for (let port = 1; !scene().datapath.flood(LISTENER).alarm; port++) {
      assert.ok(port < 1000, 'no alarm');
      scene().run(syn('198.18.0.1', port).frame());
    }
  };

  test('below the threshold, SYN go to their target', () => {
    const run = () => scene().expect(syn(CLIENT, 1), 'kernel', packet().ip(CLIENT, TARGET).tcp(1, 80, 'S'));
    assert.deepEqual(scene().outcomesOf(run), {});
    assert.deepEqual(scene().datapath.flood(LISTENER), { alarm: false, alarms: 0n });
  });

  for (const { name, client, vip, target, transport } of FAMILIES) {
    test(`${name}: under alarm a SYN is answered by a challenge; who answers that may connect`, () => {
      raise();
      const challenged = scene().run(syn(client, 2, vip).frame());
      assert.ok(isRedirect(challenged.verdict));
      const answer = challenged.frame;
      const cookie = answer.readUInt32BE(transport + 8);
      assert.notEqual(cookie, 0x01020305, 'an acknowledgement that the client does not wait for');
      assert.equal(answer[transport + 13], 0x12, 'SYN and ACK');
      const expected = packet()
        .ethernet('02:00:00:00:00:01', '00:00:00:00:00:00')
        .ip(vip, client)
        .tcp(80, 2, 'SA')
        .frame();
      expected.writeUInt32BE(cookie, transport + 8);
      assert.equal(answer.subarray(0, transport).toString('hex'), expected.subarray(0, transport).toString('hex'));
      assertChecksum(answer, transport);

      const stillUnknown = scene().run(syn(client, 3, vip).frame());
      assert.ok(isRedirect(stillUnknown.verdict));
      assert.notEqual(stillUnknown.frame.readUInt32BE(transport + 8), cookie, 'a cookie is of the ports as well');

      const reset = (sequence: number, port = 2) => {
        const frame = packet().ip(client, vip).tcp(port, 80, 'R').frame();
        frame.writeUInt32BE(sequence, transport + 4);
        return frame;
      };
      // The lowest bits would be another segment size, of which there are four.
      const forged = () => scene().run(reset((cookie ^ 0x1000) >>> 0));
      assert.deepEqual(scene().outcomesOf(forged), {}, 'goes to the target');
      assert.ok(isRedirect(scene().run(syn(client, 2, vip).frame()).verdict));
      assert.deepEqual(
        scene().outcomesOf(() => scene().run(reset(cookie))),
        { verified: 1n },
      );
      scene().expect(syn(client, 2, vip), 'kernel', packet().ip(client, target).tcp(2, 80, 'S'));
      scene().expect(syn(client, 3, vip), 'kernel', packet().ip(client, target).tcp(3, 80, 'S'));
    });
  }

  test('a verified source is one for some minutes', () => {
    const map = scene().object.map('verified');
    const [key] = [...map.keys()].filter((bytes) => bytes[15] === 7 && bytes[10] === 0xff);
    const value = map.get(key!)!;
    value.writeUInt32LE((value.readUInt32LE(0) - 301) >>> 0);
    map.set(key!, value);
    assert.ok(isRedirect(scene().run(syn(CLIENT, 4).frame()).verdict));
  });

  test('established connections, and what ends them, are not touched', () => {
    const goesOn = (given: Packet, out: Packet) => scene().expect(given, 'kernel', out);
    for (const flags of ['A', 'PA', 'FA', 'R', 'RA']) {
      goesOn(packet().ip(CLIENT, VIP).tcp(9, 80, flags), packet().ip(CLIENT, TARGET).tcp(9, 80, flags));
    }
  });

  test('the alarm stays while there are more SYN than the lower threshold, and ends some seconds after', () => {
    const map = scene().object.map('floods');
    const key = Buffer.from([LISTENER, 0, 0, 0]);
    const age = (seconds: number) => {
      const value = map.get(key)!;
      value.writeUInt32LE(value.readUInt32LE(0) - seconds, 0);
      value.writeUInt32LE(value.readUInt32LE(8) - seconds, 8);
      map.set(key, value);
    };
    raise();
    const { alarms } = scene().datapath.flood(LISTENER);
    age(8);
    assert.ok(isRedirect(scene().run(syn('198.18.0.2', 1).frame()).verdict), 'one SYN in a calm second');
    assert.equal(scene().datapath.flood(LISTENER).alarm, true);
    age(3);
    scene().expect(syn('198.18.0.2', 1), 'kernel', packet().ip('198.18.0.2', TARGET).tcp(1, 80, 'S'));
    assert.deepEqual(scene().datapath.flood(LISTENER), { alarm: false, alarms });
    raise();
    assert.equal(scene().datapath.flood(LISTENER).alarms, alarms + 1n);
  });

  test('nothing is stored for addresses that do not answer', () => {
    raise();
    const size = () => [...scene().object.map('verified').keys()].length;
    const before = size();
    for (let host = 0; host < 300; host++) scene().run(syn(`198.18.${host >> 8}.${host & 255}`, 1).frame());
    assert.equal(size(), before);
    assert.equal(scene().datapath.countExceptions(), 0);
  });
});

/** The whole segment with its pseudo header adds up to nothing. */
function assertChecksum(frame: Buffer, transport: number): void {
  const [source, destination] =
    transport === 34
      ? [frame.subarray(26, 30), frame.subarray(30, 34)]
      : [frame.subarray(22, 38), frame.subarray(38, 54)];
  const segment = frame.subarray(transport);
  assert.equal(internetChecksum(pseudoHeader(source, destination, 6, segment.length), segment), 0);
}
