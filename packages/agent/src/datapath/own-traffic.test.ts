import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EndpointRange } from '@evenkeel/flow/datapath/datapath.ts';
import { OwnTraffic } from './own-traffic.ts';

test('addresses that the node has now are seen to, and no others', () => {
  const seen = new Set(['10.0.0.9 tcp', '10.0.0.9 udp', '10.0.0.1 tcp', '10.0.0.1 udp']);
  let writes = 0;
  const own = new OwnTraffic(
    {
      setListenerRange({ address, protocol, port, lastPort }: EndpointRange, { isNode }) {
        assert.deepEqual([port, lastPort, isNode], [0, 65_535, true]);
        seen.add(`${address} ${protocol}`);
        writes++;
      },
      removeListenerRange: ({ address, protocol }: EndpointRange) => void seen.delete(`${address} ${protocol}`),
    },
    ['10.0.0.1', '10.0.0.9'],
  );
  own.set(['10.0.0.1', '2001:db8::1']);
  assert.deepEqual([...seen].sort(), ['10.0.0.1 tcp', '10.0.0.1 udp', '2001:db8::1 tcp', '2001:db8::1 udp']);
  own.set(['10.0.0.1', '2001:db8::1']);
  assert.equal(writes, 4, 'what is there is not written again');
  own.set(['10.0.0.2']);
  assert.deepEqual([...seen].sort(), ['10.0.0.2 tcp', '10.0.0.2 udp']);
  assert.deepEqual(own.addresses, ['10.0.0.2']);
});
