/** Fields by name; those of objects inside by their path, such as `healthCheck.path`. */
export type Fields = Readonly<Record<string, unknown>>;

/** Objects inside, whose fields are shown one by one. */
const NESTED = new Set([
  'clientCertificates',
  'failOpen',
  'forwarding',
  'hash',
  'healthCheck',
  'hsts',
  'limits',
  'match',
  'outlierDetection',
  'rebalance',
  'retry',
  'slowStart',
  'stickiness',
  'targetLimits',
  'tls',
  'zone',
]);

/** The fields of an object without the hidden ones. */
export function flattened(object: object, hidden: ReadonlySet<string>): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(object)) {
    if (hidden.has(field)) continue;
    // A field of one name may be an object in one kind and a text in another: `zone` of services and of targets.
    if (!NESTED.has(field) || typeof value !== 'object' || value === null) fields[field] = value;
    else for (const [part, setting] of Object.entries(value)) fields[`${field}.${part}`] = setting;
  }
  return fields;
}
