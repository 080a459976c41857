import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readView } from './network-view.ts';

const SAID = `[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP"],"mtu":65536,"address":"00:00:00:00:00:00"},{"ifindex":4,"ifname":"eth0","flags":["UP"],"mtu":1400,"operstate":"UP","link_type":"ether","address":"02:fc:00:00:00:01"},{"ifindex":6,"ifname":"wg0","mtu":1420,"link_type":"none"}]
[{"dst":"192.0.2.1","dev":"eth0","lladdr":"02:fc:00:00:00:05","state":["REACHABLE"]},{"dst":"192.0.2.7","dev":"eth0","state":["FAILED"]},{"dst":"192.0.2.8","dev":"eth0","lladdr":"02:fc:00:00:00:08","state":["STALE"]}]
[{"dst":"198.51.100.9","gateway":"192.0.2.1","dev":"eth0","prefsrc":"192.0.2.2","flags":[],"uid":0,"cache":[]}]
[{"dst":"192.0.2.9","dev":"eth0","prefsrc":"192.0.2.2","metrics":[{"mtu":1300}],"flags":[],"cache":[]}]
`;

test('devices, neighbours that have answered, and ways are read; what has no answer is missing', () => {
  const { devices, neighbours, unconfirmed, routes } = readView(SAID);
  const eth0 = { name: 'eth0', index: 4, mac: '02:fc:00:00:00:01', mtu: 1400, isEthernet: true };
  assert.deepEqual(devices.get('eth0'), eth0);
  assert.deepEqual(devices.get('wg0'), { name: 'wg0', index: 6, mac: '', mtu: 1420, isEthernet: false });
  assert.deepEqual(
    [...neighbours],
    [
      ['192.0.2.1 eth0', '02:fc:00:00:00:05'],
      ['192.0.2.8 eth0', '02:fc:00:00:00:08'],
    ],
  );
  assert.deepEqual([...unconfirmed], ['192.0.2.8 eth0']);
  assert.deepEqual(Object.fromEntries(routes), {
    '198.51.100.9': { device: 'eth0', source: '192.0.2.2', gateway: '192.0.2.1', mtu: 0 },
    '192.0.2.9': { device: 'eth0', source: '192.0.2.2', gateway: null, mtu: 1300 },
  });
  assert.equal(readView('').routes.size, 0);
});
