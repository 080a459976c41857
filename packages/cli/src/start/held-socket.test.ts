import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { StartFailure } from './failure.ts';
import { apiSocket, metricsSocket } from './held-socket.ts';
import { ROOT } from './home.ts';
import { parseStart, type StartOptions } from './options.ts';
import { controlSpec, Ports, SCRIPTS } from './processes.ts';

test('it comes back to the port that it had', () => {
  const socket = apiSocket('127.0.0.1', 0);
  assert.equal(socket.descriptor, null);
  const port = socket.open();
  assert.equal(socket.open(), port);
  assert.notEqual(socket.descriptor, null);
  socket.close();
  assert.equal(socket.descriptor, null);
  assert.equal(socket.open(), port);
  socket.close();
  socket.close();
});

test('a place that cannot be had is told in one sentence with the remedy', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  assert.throws(
    () => apiSocket('127.0.0.1', port).open(),
    new StartFailure(`port ${port} of 127.0.0.1 is in use: stop what listens there, or choose another --port.`),
  );
  // Of a network for documentation (RFC 5737), which no machine has.
  assert.throws(
    () => apiSocket('192.0.2.1', 7700).open(),
    new StartFailure('cannot listen on 192.0.2.1 port 7700 (EADDRNOTAVAIL): choose another --host or --port.'),
  );
});

test('a control plane from before sockets were held opens its own', () => {
  const options = parseStart(['--no-demo'], {}) as StartOptions;
  const sockets = [apiSocket('127.0.0.1', 0), metricsSocket({ host: '127.0.0.1', port: 0 })];
  const spec = (script: string) => controlSpec({ script }, options, new Ports(7700, 7701), sockets);
  assert.deepEqual(spec(SCRIPTS.control).listensOn, sockets);
  assert.deepEqual(spec(join(ROOT, 'packages', 'cli', 'src', 'main.ts')).listensOn, []);
});

test('a place of metrics that cannot be had is told with what sets it', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  assert.throws(() => metricsSocket({ host: '127.0.0.1', port }).open(), /choose another EVENKEEL_CONTROL_METRICS\.$/);
});
