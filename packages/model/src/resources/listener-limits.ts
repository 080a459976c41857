import { BODY_TIMEOUT, KEEP_ALIVE_TIMEOUT, LISTENER_LIMITS, SEND_TIMEOUT } from '../limits.ts';
import { Nullable, Output, Patch, Seconds } from '../schema.ts';
import { type Static, type TProperties, Type } from '../type.ts';

interface Range {
  readonly minimum: number;
  readonly maximum: number;
  readonly default: number | null;
}

const bounded = ({ minimum, maximum, default: standard }: Range, description: string) =>
  Type.Integer({ minimum, maximum, default: standard as number, description });

const unlessNull = (range: Range, description: string) =>
  Nullable(bounded(range, `${description} null: no limit.${range.default === null ? ' Default: no limit.' : ''}`));

const burst = (name: 'sourceConnectionsBurst' | 'sourceRequestsBurst' | 'sourcePacketsBurst', rate: string) =>
  Nullable(
    bounded(LISTENER_LIMITS[name], `How many of them at once after a pause. null: those of one second, \`${rate}\`.`),
  );

const settings = {
  connections: unlessNull(
    LISTENER_LIMITS.connections,
    'Client connections at a time. Beyond it, a new one is answered 503 by http and reset by https, tcp and tls.',
  ),
  connectionsPerSecond: unlessNull(
    LISTENER_LIMITS.connectionsPerSecond,
    'New connections, with one second of them at once after a pause. Beyond it as with `connections`.',
  ),
  requestsPerSecond: unlessNull(
    LISTENER_LIMITS.requestsPerSecond,
    'Requests, with one second of them at once after a pause; else 429 with Retry-After. Not used by tcp and tls.',
  ),
  requestsPerConnection: unlessNull(
    LISTENER_LIMITS.requestsPerConnection,
    'The response to the last of them says `Connection: close`. Not used by tcp and tls.',
  ),
  bodySize: unlessNull(
    LISTENER_LIMITS.bodySize,
    'Bytes of a request body, else 413: at once when its length is declared. Not used by tcp and tls.',
  ),
  headerSize: bounded(
    LISTENER_LIMITS.headerSize,
    'Bytes of a request head with its request line, else 431. Not used by tcp and tls.',
  ),
  headerCount: bounded(LISTENER_LIMITS.headerCount, 'Header fields of a request, else 431. Not used by tcp and tls.'),
  targetLength: bounded(
    LISTENER_LIMITS.targetLength,
    'Bytes of the request target (path and query), else 414. Not used by tcp and tls.',
  ),
  sourceConnectionsPerSecond: unlessNull(
    LISTENER_LIMITS.sourceConnectionsPerSecond,
    'New connections of one source: an IPv4 address, or the first 64 bits of an IPv6 one. Beyond it they are reset; ' +
      'in the kernel their SYN is dropped.',
  ),
  sourceConnectionsBurst: burst('sourceConnectionsBurst', 'sourceConnectionsPerSecond'),
  sourceRequestsPerSecond: unlessNull(
    LISTENER_LIMITS.sourceRequestsPerSecond,
    'Requests of one client, else 429 with Retry-After. Not used by tcp and tls.',
  ),
  sourceRequestsBurst: burst('sourceRequestsBurst', 'sourceRequestsPerSecond'),
  sourcePacketsPerSecond: unlessNull(
    LISTENER_LIMITS.sourcePacketsPerSecond,
    'Packets of one source, else they are lost; in user space datagrams alone. Network load balancers alone.',
  ),
  sourcePacketsBurst: burst('sourcePacketsBurst', 'sourcePacketsPerSecond'),
  synAlarm: unlessNull(
    LISTENER_LIMITS.synAlarm,
    'TCP connections that begin in a second, of all sources, from which on a flood is told of; where the kernel carries ' +
      'the listener, clients have to answer a challenge meanwhile. Listeners of tcp and tcp-udp of network load ' +
      'balancers alone.',
  ),
  synCalm: unlessNull(
    LISTENER_LIMITS.synCalm,
    'With fewer of them in each second for ten seconds, the flood is over. Without it, half of `synAlarm`.',
  ),
  minimumRate: unlessNull(
    LISTENER_LIMITS.minimumRate,
    'Bytes per second that a client has to send of a request body, else 408, and to take of a response, else it is ' +
      'closed; `bodyTimeout` and `sendTimeout` are how far it may fall behind. Not used by tcp and tls.',
  ),
} satisfies TProperties;

/** What a listener lets its clients take. Each node keeps to it by itself, over all its workers. */
export const ListenerLimits = Output('ListenerLimits', settings);
export type ListenerLimits = Static<typeof ListenerLimits>;

export const ListenerLimitsPatch = Patch('ListenerLimitsPatch', settings);
export type ListenerLimitsPatch = Static<typeof ListenerLimitsPatch>;

/** Timeouts towards clients, beside `idleTimeout`, which ends what is silent for longer than that in any case. */
export const clientTimeouts = {
  bodyTimeout: Seconds(BODY_TIMEOUT, 'Longest wait for more of a request body, else 408. Not used by tcp and tls.'),
  sendTimeout: Seconds(
    SEND_TIMEOUT,
    'Longest wait for a client to take more of a response, else it is closed. Not used by tcp and tls.',
  ),
  keepAliveTimeout: Seconds(
    KEEP_ALIVE_TIMEOUT,
    'Longest wait for the next request of a connection; 0: one request each. Not used by tcp and tls.',
  ),
};
