import { isIP } from 'node:net';
import { ALGORITHMS } from '@evenkeel/model/plan/objects.ts';
import { fields, flag, integer, list, nullable, oneOf, type Shape, text } from './shape.ts';

/** Shapes of the objects in `@evenkeel/model/plan/objects.ts`, as they come from the stream or the disk. */

const id = text(128, { matches: /^[\x21-\x7e]+$/, says: 'an identifier of visible ASCII characters' });
const name = text(1024);
const milliseconds = integer(1, 2 ** 31 - 1);
const portOrNone = integer(0, 65_535);
const port = integer(1, 65_535);

const address: Shape = (value, path) =>
  typeof value === 'string' && isIP(value) !== 0 ? '' : `${path} must be an IPv4 or IPv6 address`;

/** These go into the bytes of a probe's request; a line break in them would make it another request. */
const visible = { matches: /^[\x21-\x7e]*$/, says: 'made of visible ASCII characters' };

const statusRange: Shape = (value, path) => {
  const range = value as readonly unknown[];
  if (!Array.isArray(value) || range.length !== 2) return `${path} must be a pair of status codes`;
  return integer(100, 999)(range[0], `${path}[0]`) || integer(100, 999)(range[1], `${path}[1]`);
};

const healthCheck = fields({
  protocol: oneOf('tcp', 'http'),
  port: portOrNone,
  interval: milliseconds,
  timeout: milliseconds,
  rise: integer(1, 1000),
  fall: integer(1, 1000),
  method: oneOf('GET', 'HEAD'),
  path: text(4096, visible),
  host: text(1024, visible),
  httpVersion: oneOf('1.0', '1.1'),
  statusRanges: list(statusRange),
});

const listener = fields({
  id,
  loadBalancerId: id,
  loadBalancerName: name,
  name,
  protocol: oneOf('http', 'tcp'),
  addresses: list(address),
  port,
  serviceId: nullable(id),
  idleTimeout: milliseconds,
  headerTimeout: milliseconds,
  accessLog: flag,
});

const service = fields({
  id,
  name,
  protocol: oneOf('http', 'tcp'),
  algorithm: oneOf(...ALGORITHMS),
  groupId: nullable(id),
  port,
  healthCheck: nullable(healthCheck),
  connectTimeout: milliseconds,
  readTimeout: milliseconds,
  drainTimeout: integer(0, 2 ** 31 - 1),
});

const target = fields({ id, address, port: portOrNone, weight: integer(0, 100), zone: text(256) });

const group = fields({ id, name, targets: list(target) });

const hash = text(64, { matches: /^[0-9a-f]+$/, says: 'hexadecimal' });
const head = fields({ key: text(160), kind: oneOf('listener', 'service', 'group'), hash });
const values: Readonly<Record<string, Shape>> = { listener, service, group };

/** A `PlanEntry` whose key is that of its value. Says nothing about whether the hash is right. */
export const entryShape: Shape = (value, path) => {
  const fault = head(value, path);
  if (fault !== '') return fault;
  const entry = value as { readonly key: string; readonly kind: string; readonly value: unknown };
  const inside = (values[entry.kind] as Shape)(entry.value, `${path}.value`);
  if (inside !== '') return inside;
  const expected = `${entry.kind}/${(entry.value as { readonly id: string }).id}`;
  return entry.key === expected ? '' : `${path}.key must be ${expected}`;
};
