import assert from 'node:assert/strict';
import { PLAIN_HTTP } from '@evenkeel/model/plan/http.ts';
import type { ProxyEngine } from '../src/engine/engine.ts';
import { freePort } from './exchange.ts';
import { changeOf, listenerOf, serviceOf } from './plans.ts';

/** A request to switch to WebSocket. */
export const HANDSHAKE =
  'GET /chat?room=1 HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nUser-Agent: case\r\n\r\n';

/** Has the engine listen on a port, in front of one target; returns the port. */
export async function listenForUpgrades(
  engine: ProxyEngine,
  name: string,
  target: number,
  upgradeIdleTimeout = 60_000,
): Promise<number> {
  const port = await freePort();
  const http = { ...PLAIN_HTTP, upgradeIdleTimeout };
  const listener = listenerOf(port, { id: `lsn-${name}`, serviceId: `svc-${name}`, http, idleTimeout: 2_000 });
  const service = serviceOf([target], { id: `svc-${name}`, drainTimeout: 400 });
  assert.deepEqual(await engine.apply(changeOf([service], [listener])), []);
  return port;
}
