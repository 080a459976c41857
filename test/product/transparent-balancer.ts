import { PLAIN_HTTP_LISTENER, PLAIN_SERVICE } from '../../packages/model/src/plan/plain.ts';
import { createEngine } from '../../packages/proxy/src/engine/create.ts';

/**
 * A data plane in a process of its own, for a test that runs it in a network namespace: one HTTP listener, one target.
 *
 *     transparent-balancer.ts REACTOR LISTENER_ADDRESS PORT TARGET_ADDRESS TARGET_PORT
 *
 * Says `ready`, or why the listener is refused, on a line, and runs until its input ends.
 */
const [reactor, address, port, target, targetPort] = process.argv.slice(2) as [string, string, string, string, string];
const engine = await createEngine({ workers: 1, reactor: reactor === 'uring' ? 'uring' : 'portable' });
const refused = await engine.apply({
  shared: new Map(),
  services: new Map([
    [
      'svc',
      {
        service: {
          id: 'svc',
          name: 'svc',
          protocol: 'http',
          algorithm: 'round-robin',
          groupId: 'tg',
          port: 80,
          healthCheck: null,
          connectTimeout: 500,
          readTimeout: 2_000,
          drainTimeout: 1_000,
          ...PLAIN_SERVICE,
          transparent: true,
        },
        targets: [
          { id: 'tgt', address: target, port: Number(targetPort), weight: 10, state: 'active', eligible: true },
        ],
      },
    ],
  ]),
  listeners: new Map([
    [
      'lsn',
      {
        id: 'lsn',
        loadBalancerId: 'lb',
        loadBalancerName: 'lb',
        name: 'lsn',
        protocol: 'http',
        addresses: [address],
        port: Number(port),
        serviceId: 'svc',
        idleTimeout: 5_000,
        headerTimeout: 1_000,
        accessLog: false,
        ...PLAIN_HTTP_LISTENER,
      },
    ],
  ]),
});
process.stdout.write(`${refused[0] === undefined ? 'ready' : `${refused[0].code}: ${refused[0].detail}`}\n`);
process.stdin.resume().on('end', () => void engine.stop(100));
