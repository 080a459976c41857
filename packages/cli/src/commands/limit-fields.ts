import { BODY_TIMEOUT, KEEP_ALIVE_TIMEOUT, LISTENER_LIMITS, SEND_TIMEOUT } from '@evenkeel/model/limits.ts';
import { type Field, integer, integerOrNone, standard } from './fields.ts';

/** The timeouts and limits of a listener that the command line can set; see resource-fields.ts. */

interface Range {
  readonly minimum: number;
  readonly maximum: number;
  readonly default: number | null;
}

const field = (name: keyof typeof LISTENER_LIMITS, flag: string, unit: string, help: string): Field => {
  const range: Range = LISTENER_LIMITS[name];
  const { minimum, maximum, default: usual } = range;
  return {
    flag,
    field: `limits.${name}`,
    value: integerOrNone(unit),
    help: `${help} (${minimum} to ${maximum}, or "none"; default ${usual ?? 'none'})`,
  };
};

const size = (
  name: 'headerSize' | 'headerCount' | 'targetLength',
  flag: string,
  unit: string,
  help: string,
): Field => ({
  flag,
  field: `limits.${name}`,
  value: integer(unit),
  help: `${help} ${standard(LISTENER_LIMITS[name])}`,
});

const burst = (
  name: 'sourceConnectionsBurst' | 'sourceRequestsBurst' | 'sourcePacketsBurst',
  flag: string,
  what: string,
): Field => {
  const { minimum, maximum } = LISTENER_LIMITS[name];
  return {
    flag,
    field: `limits.${name}`,
    value: integerOrNone('number'),
    help: `${what} of one source at once after a pause (${minimum} to ${maximum}, or "none": those of one second)`,
  };
};

export const limitFields: readonly Field[] = [
  {
    flag: 'body-timeout',
    field: 'bodyTimeout',
    value: integer('seconds'),
    help: `longest wait for more of a request body ${standard(BODY_TIMEOUT)}`,
  },
  {
    flag: 'client-send-timeout',
    field: 'sendTimeout',
    value: integer('seconds'),
    help: `longest wait for a client to take more of a response ${standard(SEND_TIMEOUT)}`,
  },
  {
    flag: 'keep-alive-timeout',
    field: 'keepAliveTimeout',
    value: integer('seconds'),
    help: `longest wait for the next request of a connection; 0: one request each ${standard(KEEP_ALIVE_TIMEOUT)}`,
  },
  field('connections', 'max-connections', 'number', 'client connections at a time'),
  field('connectionsPerSecond', 'max-connections-per-second', 'number', 'new connections per second'),
  field('requestsPerSecond', 'max-requests-per-second', 'number', 'requests per second, else 429'),
  field('requestsPerConnection', 'max-requests-per-connection', 'number', 'requests until a connection is closed'),
  field('bodySize', 'max-body-size', 'bytes', 'size of a request body, else 413'),
  size('headerSize', 'max-header-size', 'bytes', 'size of a request head, else 431'),
  size('headerCount', 'max-headers', 'number', 'header fields of a request, else 431'),
  size('targetLength', 'max-target-length', 'bytes', 'length of path and query, else 414'),
  field(
    'sourceConnectionsPerSecond',
    'max-source-connections-per-second',
    'number',
    'new connections of one source per second',
  ),
  burst('sourceConnectionsBurst', 'max-source-connections-burst', 'connections'),
  field('sourceRequestsPerSecond', 'max-source-requests-per-second', 'number', 'requests of one client per second'),
  burst('sourceRequestsBurst', 'max-source-requests-burst', 'requests'),
  field(
    'sourcePacketsPerSecond',
    'max-source-packets-per-second',
    'number',
    'packets of one source per second, network load balancers alone',
  ),
  burst('sourcePacketsBurst', 'max-source-packets-burst', 'packets'),
  field('synAlarm', 'syn-alarm', 'number', 'connections that begin in a second from which on it is a flood'),
  field('synCalm', 'syn-calm', 'number', 'fewer for ten seconds end the flood; without it, half of the alarm'),
  field('minimumRate', 'minimum-rate', 'bytes', 'what a client has to send or take per second, in bytes'),
];
