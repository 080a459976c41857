import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { ApiSocket } from './api-socket.ts';
import { StartFailure } from './failure.ts';
import { ROOT } from './home.ts';
import { parseStart, type StartOptions } from './options.ts';
import { controlSpec, Ports, SCRIPTS } from './processes.ts';

test('it comes back to the port that it had', () => {
  const socket = new ApiSocket('127.0.0.1', 0);
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
    () => new ApiSocket('127.0.0.1', port).open(),
    new StartFailure(`port ${port} of 127.0.0.1 is in use: stop what listens there, or choose another --port.`),
  );
  // Of a network for documentation (RFC 5737), which no machine has.
  assert.throws(
    () => new ApiSocket('192.0.2.1', 7700).open(),
    new StartFailure('cannot listen on 192.0.2.1 port 7700 (EADDRNOTAVAIL): choose another --host or --port.'),
  );
});

test('a control plane from before sockets were held opens its own', () => {
  const options = parseStart(['--no-demo'], {}) as StartOptions;
  const socket = new ApiSocket('127.0.0.1', 0);
  const spec = (script: string) => controlSpec({ script }, options, new Ports(7700, 7701), socket);
  assert.equal(spec(SCRIPTS.control).listensOn, socket);
  assert.equal(spec(join(ROOT, 'packages', 'cli', 'src', 'main.ts')).listensOn, undefined);
});
