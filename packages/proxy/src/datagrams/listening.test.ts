import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PLAIN_HTTP_LISTENER } from '@evenkeel/model/plan/plain.ts';
import { NodeSockets } from '../overload/node-sockets.ts';
import type { DatagramHandler, DatagramOptions, DatagramSocket } from '../reactor/datagram.ts';
import type { WorkerContext } from '../worker/context.ts';
import type { Listener } from '../worker/listener.ts';
import { DatagramListening } from './listening.ts';
import { SessionPlaces } from './session-places.ts';

/** A reactor whose sockets are bound when the test says so. */
function world() {
  const open = new Map<number, () => void>();
  const openDatagrams = ({ local }: DatagramOptions, handler: DatagramHandler): DatagramSocket => {
    const { port } = local!;
    const socket = { local: local!, send: () => true, close: () => void open.delete(port) };
    open.set(port, () => handler.onOpen(socket));
    return socket;
  };
  const datagramSessions = SessionPlaces.ofWorker(new NodeSockets(new Int32Array(1), 0, 0));
  const worker = { reactor: { openDatagrams }, datagramSessions } as unknown as WorkerContext;
  const planned = { ...PLAIN_HTTP_LISTENER, id: 'lsn', loadBalancerId: 'lb', port: 53, protocol: 'udp' };
  return { open, listening: new DatagramListening(worker, { planned } as unknown as Listener) };
}

const at = (port: number) => ({ address: '127.0.0.1', port });

describe('where a listener receives datagrams', () => {
  it('is nowhere when it went while sockets were opened', () => {
    const { open, listening } = world();
    let answers = 0;
    listening.open([at(1), at(2)], () => answers++);
    const [first, second] = [...open.values()];
    first!();
    listening.close();
    second!();
    assert.deepEqual([answers, [...open.keys()]], [1, []]);
  });

  it('is where it was as well, until what is not wanted any more is given up', () => {
    const { open, listening } = world();
    listening.open([at(1), at(2)], () => undefined);
    for (const bound of [...open.values()]) bound();
    listening.open([at(2), at(3)], (refused) => assert.equal(refused, null));
    open.get(3)!();
    assert.deepEqual([...open.keys()], [1, 2, 3]);
    listening.keepOnly([at(2), at(3)]);
    assert.deepEqual([...open.keys()], [2, 3]);
  });
});
