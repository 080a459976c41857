/**
 * Every error that the API answers with. `code` is stable: programs may compare it. `side` says whose fault it is,
 * `retry` whether the same request may succeed later: `never`, `later` (by itself), or `after-change` (of what the
 * problem names). `help` is the line in the documentation.
 */
export interface ErrorKind {
  readonly status: number;
  readonly title: string;
  readonly side: 'client' | 'server';
  readonly retry: 'never' | 'later' | 'after-change';
  readonly help: string;
}

const client = (status: number, retry: ErrorKind['retry'], title: string, help: string) =>
  ({ status, title, side: 'client', retry, help }) as const satisfies ErrorKind;
const server = (status: number, retry: ErrorKind['retry'], title: string, help: string) =>
  ({ status, title, side: 'server', retry, help }) as const satisfies ErrorKind;

export const ERRORS = {
  'malformed-request': client(
    400,
    'never',
    'Malformed request',
    'The request is not valid HTTP, or its body is not valid JSON.',
  ),
  'validation-failed': client(
    400,
    'never',
    'Validation failed',
    'Fields are missing, unknown or out of range; `errors` names each with the reason and what is allowed.',
  ),
  unauthenticated: client(
    401,
    'after-change',
    'Not authenticated',
    'Send `Authorization: Bearer <token>` with a token that is known here and has not expired.',
  ),
  forbidden: client(
    403,
    'after-change',
    'Not allowed',
    'Your role, or the tenants that it reaches, do not go that far; ask an administrator.',
  ),
  'join-token-refused': client(
    403,
    'after-change',
    'Join token refused',
    'No node can join with this token: `detail` says why. Have another made: `evenkeel node join-token create`.',
  ),
  'node-refused': client(
    403,
    'after-change',
    'Node refused',
    'This node cannot come in as it is: `detail` says why, and what to do.',
  ),
  'node-revoked': client(
    403,
    'after-change',
    'Node revoked',
    'This node was revoked, and is none any more. Have it join with a new token: `evenkeel node join-token create`.',
  ),
  'route-not-found': client(
    404,
    'never',
    'No such route',
    'The path is not part of the API; `/v1/openapi.json` lists what is.',
  ),
  'resource-not-found': client(
    404,
    'never',
    'No such resource',
    'There is nothing with this identifier; it may have been deleted.',
  ),
  'method-not-allowed': client(
    405,
    'never',
    'Method not allowed',
    'The path exists, but not with this method; the `Allow` header lists those that do.',
  ),
  'request-timeout': client(408, 'later', 'Request timeout', 'The request did not arrive in time.'),
  'name-taken': client(
    409,
    'after-change',
    'Name taken',
    'Names are unique: those of tenants everywhere, of load balancers, elastic IPs, VPCs, subnets, certificates, authorities, security policies and users within their tenant, of tokens within their user, others within their load balancer.',
  ),
  'priority-taken': client(
    409,
    'after-change',
    'Priority taken',
    'Each priority is used by one rule of a rule group; replace the whole list to change the order of several.',
  ),
  'port-taken': client(409, 'after-change', 'Port taken', 'Each port can be used by one listener of a load balancer.'),
  'address-taken': client(
    409,
    'after-change',
    'Address taken',
    'The address is in use by another load balancer or elastic IP.',
  ),
  'network-taken': client(
    409,
    'after-change',
    'Network taken',
    'Subnets of a VPC do not overlap: choose a CIDR block that no other has a part of.',
  ),
  'target-registered': client(
    409,
    'after-change',
    'Target already registered',
    'A target group has one target of each address and port.',
  ),
  'resource-in-use': client(
    409,
    'after-change',
    'Resource in use',
    '`usedBy` lists what refers to it; change or delete those first.',
  ),
  'deletion-protected': client(
    409,
    'after-change',
    'Deletion protection is on',
    'Set `deletionProtection` to false first.',
  ),
  'already-associated': client(
    409,
    'after-change',
    'Already associated',
    'An elastic IP belongs to one load balancer, and a load balancer has one elastic IP.',
  ),
  'quota-exceeded': client(
    409,
    'after-change',
    'Quota exceeded',
    '`quota` has the name, the limit and how much is used; delete something, or ask for more: `evenkeel quota set`, or `--quota name=value` for all tenants.',
  ),
  'tls-required': client(
    409,
    'after-change',
    'TLS is required',
    'Nodes are known by certificates, which takes TLS: start the control plane with `--api-certificate` and `--api-key`, or with `--api-self-signed`.',
  ),
  'node-online': client(
    409,
    'after-change',
    'Node is online',
    'Only a node whose agent is not connected can be forgotten.',
  ),
  'node-drained': client(
    409,
    'after-change',
    'Node is drained',
    'It has nothing and is to get nothing; take it into use first.',
  ),
  'last-of-zone': client(
    409,
    'after-change',
    'Last node of its zone',
    'Add a node to the zone, or take one into use again; or drain it with `force`, with what it has on no node there.',
  ),
  'built-in': client(409, 'never', 'Built in', 'What comes with the product cannot be changed or deleted.'),
  'import-conflict': client(
    409,
    'after-change',
    'Objects are there already',
    'Objects of the document are there under the same names, and differ; `errors` names each, and in what. Choose `rename` or `replace`.',
  ),
  'wrong-passphrase': client(
    400,
    'never',
    'Wrong passphrase',
    'What is sealed in the document cannot be opened: the passphrase is another one, or the text is damaged.',
  ),
  'deletion-guarded': client(
    409,
    'after-change',
    'Deletion has to be forced',
    'There are many targets behind it, or much traffic on it: look whether it is the right one, and say `force`.',
  ),
  'backup-damaged': client(
    409,
    'never',
    'Backup damaged',
    'The file of the backup has changed or cannot be read; nothing was changed. Restore another one.',
  ),
  'plan-outdated': client(
    409,
    'after-change',
    'Plan outdated',
    'The configuration has changed so that the change set would do something else than its plan says, or the plan has expired; plan it again, and look at it.',
  ),
  'operation-settled': client(
    409,
    'never',
    'Operation is settled',
    'Every node has acknowledged the operation, or it was cancelled. A revision takes it back: `evenkeel revision rollback`.',
  ),
  'cancel-impossible': client(
    409,
    'after-change',
    'Operation cannot be cancelled',
    'Something later depends on what it changed: `usedBy` lists that. Change it first, or roll back to an earlier revision.',
  ),
  'precondition-failed': client(
    412,
    'after-change',
    'Changed meanwhile',
    'The resource is no longer the one that `If-Match` names; read it again.',
  ),
  'body-too-large': client(
    413,
    'never',
    'Body too large',
    'The body is larger than the server accepts; split the request.',
  ),
  'unsupported-media-type': client(415, 'never', 'Unsupported media type', 'Send bodies as `application/json`.'),
  'reference-not-found': client(
    422,
    'after-change',
    'Reference not found',
    'A field names an object that does not exist, or that belongs to another load balancer.',
  ),
  'protocol-mismatch': client(
    422,
    'after-change',
    'Protocols do not match',
    'http and https listeners take an http backend service, tcp and tls listeners a tcp backend service.',
  ),
  'rule-never-matches': client(
    422,
    'after-change',
    'Rule can never match',
    'Another rule of the group takes all of its requests, or its conditions exclude each other.',
  ),
  'redirect-loop': client(
    422,
    'after-change',
    'Redirect leads to itself',
    'The request that follows the redirect would meet the same redirect again; change where it leads.',
  ),
  'immutable-field': client(
    422,
    'never',
    'Field is fixed',
    'The field cannot be changed after creation; create a new object instead.',
  ),
  'certificate-invalid': client(
    422,
    'never',
    'Certificate not usable',
    'A certificate, key, revocation list or OCSP response is damaged, out of its time, or does not fit the rest.',
  ),
  'certificate-mismatch': client(
    422,
    'after-change',
    'Certificate does not fit',
    'A listener shows the certificate for a name or beside another that it does not go with.',
  ),
  'address-not-allowed': client(
    422,
    'never',
    'Address not allowed',
    'The address is outside the pool or the subnet, is reserved there, or is of a kind that cannot be used here.',
  ),
  'idempotency-key-reused': client(
    422,
    'never',
    'Idempotency key reused',
    'The key was used with a different request; take a new key for each new request.',
  ),
  'rate-limited': client(
    429,
    'later',
    'Too many requests',
    'More requests came from this source, user or credential than are allowed; wait as many seconds as `Retry-After` says.',
  ),
  'deletions-limited': client(
    429,
    'later',
    'Too many deletions',
    'So many load balancers of the region were deleted within five minutes: if that is what you want, go on after as many seconds as `Retry-After` says, or raise the quota `loadBalancerDeletions`.',
  ),
  'header-too-large': client(431, 'never', 'Header too large', 'The request head is larger than the server accepts.'),
  internal: server(
    500,
    'later',
    'Internal error',
    'A defect in Evenkeel. The log has the details under the `requestId`; nothing was changed.',
  ),
  'addresses-exhausted': server(
    503,
    'after-change',
    'No address left',
    'Every address of the pool or the subnet is in use; delete something, or configure a larger one.',
  ),
  'storage-failed': server(
    503,
    'later',
    'Storage failed',
    'The state could not be written, or read; traffic is not affected. Nothing was changed, unless `detail` says otherwise.',
  ),
  'not-leading': server(
    503,
    'later',
    'Not leading',
    'Another control plane leads, or is about to, and cannot be reached from here; ask again.',
  ),
  'shutting-down': server(503, 'later', 'Shutting down', 'The control plane is stopping; ask again when it is back.'),
  'too-busy': server(503, 'later', 'Too busy', 'Too many requests are waiting already; ask again later.'),
  'node-unavailable': server(
    503,
    'later',
    'No node to ask',
    'The answer is known to load-balancer nodes alone, and none that could give it is connected; ask again when one is.',
  ),
  'node-timeout': server(
    504,
    'later',
    'Node timeout',
    'The node that was asked did not answer in time; ask again, or look at its log.',
  ),
  'storage-full': server(
    507,
    'after-change',
    'Disk full',
    'There is no space left to write the state; nothing was changed, and traffic is not affected. Free some space.',
  ),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;
