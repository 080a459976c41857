import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { PLAIN_HTTP_LISTENER } from '@evenkeel/model/plan/plain.ts';
import type { Arena } from '../reactor/arena.ts';
import { AccessLog } from './access-log.ts';
import { AccessLogRing, MAX_LINE } from './access-log-ring.ts';
import { SEGMENT_OVERRUN } from './ascii-segment.ts';
import type { ClientEnds, LoggedEnds } from './client-ends.ts';
import { ConnectionRecord } from './connection-record.ts';
import { EndReason } from './end-reason.ts';
import { LoggedConnection } from './logged-connection.ts';
import { RequestIds } from './request-ids.ts';
import { RequestRecord } from './request-record.ts';
import { targetSegment } from './target-segment.ts';

const planned: PlannedListener = {
  id: 'lst-1',
  loadBalancerId: 'lb-1',
  loadBalancerName: 'shop',
  name: 'web',
  protocol: 'http',
  addresses: ['127.1.0.1'],
  port: 8080,
  serviceId: 'svc-1',
  idleTimeout: 60_000,
  headerTimeout: 10_000,
  accessLog: true,
  ...PLAIN_HTTP_LISTENER,
};
const client: ClientEnds = {
  remoteAddress: '192.0.2.7',
  remotePort: 40_123,
  localAddress: '127.1.0.1',
  senderAddress: '192.0.2.7',
  senderPort: 40_123,
  tls: null,
};

/** A connection of that client that nothing has been logged of yet. */
const newConnection = (): LoggedEnds => ({ ...client, logged: new LoggedConnection() });

/** A log over `memory`, at 5,100.5 ms of the reactor's clock and noon of the calendar. */
function logOver(memory: Uint8Array): { log: AccessLog; ring: AccessLogRing; lines: () => unknown[] } {
  const ring = AccessLogRing.create();
  const arena = { memory } as Arena;
  const clock = { arena, now: 5_100.5, wallTime: Date.UTC(2026, 4, 1, 12, 0, 0, 250) };
  const log = new AccessLog(ring, clock, new RequestIds('0123456789abcdef', 16));
  const lines = (): unknown[] =>
    new TextDecoder('utf8', { fatal: true })
      .decode(Uint8Array.from(ring.read() ?? []))
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  return { log, ring, lines };
}

function placeIn(memory: Uint8Array, record: RequestRecord, texts: Record<string, string>): void {
  let at = 0;
  for (const [name, text] of Object.entries(texts)) {
    const start = at;
    for (const unit of text) memory[at++] = unit.charCodeAt(0);
    Object.assign(record, { [`${name}Start`]: start, [`${name}End`]: at });
  }
}

describe('access log', () => {
  it('writes a line of JSON for a request', () => {
    const memory = new Uint8Array(4_096);
    const { log, lines } = logOver(memory);
    const record = new RequestRecord();
    record.clear(5_000.125);
    placeIn(memory, record, {
      method: 'GET',
      target: '/a?b="c"',
      host: 'shop.example',
      agent: 'curl/8\\\xff',
      referer: 'http://x/',
      requestId: 'r-1',
    });
    Object.assign(record, {
      dispatchedAt: 5_001,
      readyAt: 5_003.5,
      firstByteAt: 5_050,
      answeredAt: 5_060,
      target: targetSegment('10.0.0.1', 80, 'svc-1'),
    });
    Object.assign(record, { status: 200, targetStatus: 200, bytesReceived: 612, bytesSent: 5_000_000_000 });
    log.request({ planned }, newConnection(), record);
    assert.deepEqual(lines(), [
      {
        time: '2026-05-01T12:00:00.250Z',
        load_balancer: 'lb-1',
        listener: 'lst-1',
        scheme: 'http',
        vport: 8080,
        vip: '127.1.0.1',
        client_ip: '192.0.2.7',
        client_port: 40_123,
        connection: 17,
        target: '10.0.0.1:80',
        service: 'svc-1',
        request_ms: 100.375,
        connect_ms: 2.5,
        response_ms: 49,
        exchange_ms: 59,
        status: 200,
        target_status: 200,
        request_length: 612,
        bytes_sent: 5_000_000_000,
        connection_requests: 1,
        method: 'GET',
        uri: '/a?b="c"',
        host: 'shop.example',
        protocol: 'HTTP/1.1',
        user_agent: 'curl/8\\ÿ',
        referer: 'http://x/',
        request_id: 'r-1',
        reason: 'none',
      },
    ]);
  });

  it('writes the same line for the same request again and again', () => {
    const { log, lines } = logOver(new Uint8Array(16));
    const record = new RequestRecord();
    const connection = newConnection();
    for (let i = 0; i < 4; i++) {
      record.clear(5_000);
      record.target = targetSegment('10.0.0.1', 80, 'svc-1');
      log.request({ planned }, connection, record);
    }
    const [first, ...rest] = lines() as [object, ...object[]];
    assert.deepEqual(
      rest,
      [2, 3, 4].map((count) => ({
        ...first,
        connection_requests: count,
        request_id: `0123456789abcdef000000000000000${count}`,
      })),
    );
  });

  it('tells of a proxy that speaks for the client, of TLS, and of another client when there is one', () => {
    const { log, lines } = logOver(new Uint8Array(16));
    const record = new RequestRecord();
    const tls = { version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', serverName: 'a"b.test' };
    const proxied = { ...newConnection(), senderAddress: '2001:db8::1', senderPort: 7, tls };
    for (const remoteAddress of ['192.0.2.7', '192.0.2.7', '192.0.2.7', '192.0.2.8']) {
      record.clear(5_000);
      if (remoteAddress === '192.0.2.8') proxied.logged.forgetEnds();
      log.request({ planned: { ...planned, protocol: 'https' } }, { ...proxied, remoteAddress }, record);
    }
    const written = lines() as Record<string, unknown>[];
    for (const line of written) {
      assert.equal(line['scheme'], 'https');
      assert.equal(line['sender'], '[2001:db8::1]:7');
      assert.deepEqual([line['ssl_protocol'], line['ssl_cipher']], ['TLSv1.3', 'TLS_AES_128_GCM_SHA256']);
      assert.equal(line['server_name'], 'a"b.test');
    }
    assert.deepEqual(
      written.map((line) => [line['client_ip'], line['connection_requests']]),
      [
        ['192.0.2.7', 1],
        ['192.0.2.7', 2],
        ['192.0.2.7', 3],
        ['192.0.2.8', 4],
      ],
    );
  });

  it('says null and nothing for what there was not', () => {
    const { log, lines } = logOver(new Uint8Array(16));
    const record = new RequestRecord();
    record.clear(5_100.5);
    record.status = 400;
    record.reason = EndReason.clientRequestHead;
    log.request({ planned }, newConnection(), record);
    const [line] = lines() as [Record<string, unknown>];
    assert.equal(line['connect_ms'], null);
    assert.equal(line['response_ms'], null);
    assert.equal(line['target'], '');
    assert.equal(line['service'], '');
    assert.equal(line['exchange_ms'], null);
    assert.equal(line['protocol'], '');
    assert.equal(line['request_ms'], 0);
    assert.equal(line['reason'], 'client-request-head');
    assert.equal(line['request_id'], '0123456789abcdef0000000000000001');
  });

  it('tells of attempts that failed, and of none when none did', () => {
    const { log, lines } = logOver(new Uint8Array(16));
    const record = new RequestRecord();
    record.clear(5_000);
    record.attempts = 1;
    const connection = newConnection();
    log.request({ planned }, connection, record);
    record.attempts = 3;
    record.failedAttempts = '10.0.0.1:80 refused, [2001:db8::1]:80 no-response';
    log.request({ planned }, connection, record);
    const tunnel = new ConnectionRecord(5_000);
    tunnel.attempts = 2;
    tunnel.failedAttempts = '10.0.0.1:80 connect-timeout';
    log.connection({ planned }, client, tunnel);
    const told = lines().map((line) => {
      const { attempts, failed_attempts } = line as Record<string, unknown>;
      return [attempts, failed_attempts];
    });
    assert.deepEqual(told, [
      [undefined, undefined],
      [3, '10.0.0.1:80 refused, [2001:db8::1]:80 no-response'],
      [2, '10.0.0.1:80 connect-timeout'],
    ]);
  });

  it('keeps the longest line that there can be below MAX_LINE, and marks it', () => {
    const memory = new Uint8Array(64 * 1024);
    const { log, ring } = logOver(memory);
    const record = new RequestRecord();
    record.clear(0);
    const long = '\0'.repeat(8_000);
    placeIn(memory, record, { method: long, target: long, host: long, agent: long, referer: long, requestId: long });
    record.target = targetSegment(`${'ffff:'.repeat(7)}ffff%${'i'.repeat(16)}`, 65_535, 's'.repeat(200));
    Object.assign(record, { bytesSent: 2 ** 53 - 1, bytesReceived: 2 ** 53 - 1, dispatchedAt: 1, readyAt: 1e12 });
    const longest = { ...planned, id: 'l'.repeat(200), loadBalancerId: 'b'.repeat(200), port: 65_535 };
    const address = `${'ffff:'.repeat(7)}ffff%${'i'.repeat(16)}`;
    const tls = { version: 'v'.repeat(64), cipher: 'c'.repeat(255), serverName: '\0'.repeat(1_000) };
    const ends = { remoteAddress: address, localAddress: address, remotePort: 65_535, senderPort: 1, tls };
    log.request({ planned: longest }, { ...ends, senderAddress: address, logged: new LoggedConnection() }, record);
    const line = ring.read()!;
    assert.ok(line.length + SEGMENT_OVERRUN <= MAX_LINE, `${line.length}`);
    assert.equal(JSON.parse(Buffer.from(line).toString()).clipped, true);
  });

  it('writes a line for a tunnelled connection, and follows a changed listener', () => {
    const { log, lines } = logOver(new Uint8Array(16));
    const record = new ConnectionRecord(5_000);
    Object.assign(record, {
      target: targetSegment('10.0.0.2', 5432, 'svc-2'),
      connectedAt: 5_000.75,
      bytesReceived: 10,
      bytesSent: 20,
    });
    record.reason = EndReason.targetTunnel;
    log.connection({ planned: { ...planned, protocol: 'tcp' } }, client, record);
    log.connection({ planned: { ...planned, protocol: 'tcp', port: 9 } }, client, record);
    const [first, second] = lines() as [Record<string, unknown>, Record<string, unknown>];
    assert.deepEqual(first, {
      time: '2026-05-01T12:00:00.250Z',
      load_balancer: 'lb-1',
      listener: 'lst-1',
      scheme: 'tcp',
      vport: 8080,
      vip: '127.1.0.1',
      client_ip: '192.0.2.7',
      client_port: 40_123,
      connection: 17,
      target: '10.0.0.2:5432',
      service: 'svc-2',
      connection_ms: 100.5,
      connect_ms: 0.75,
      bytes_received: 10,
      bytes_sent: 20,
      reason: 'target-tunnel',
    });
    assert.equal(second['vport'], 9);
  });
});
