/** The words of settings that have no place in plans. They are apart from the schemas, so that a command line can have them at once. */

/** What is done with `X-Forwarded-For`. */
export const CLIENT_ADDRESS_FIELDS = ['append', 'replace', 'off'] as const;

/** Versions of the PROXY protocol that targets may get. */
export const PROXY_PROTOCOLS = ['none', 'v1', 'v2'] as const;

/** Who keeps a client with its target. */
export const STICKINESS_TYPES = ['none', 'cookie', 'application-cookie', 'source-ip'] as const;

/** Whether a listener asks its clients for certificates. */
export const CLIENT_CERTIFICATE_MODES = ['off', 'optional', 'required'] as const;

/** The protocol of the backend services that a listener takes. */
export const SERVICE_PROTOCOL = {
  http: 'http',
  https: 'http',
  tcp: 'tcp',
  tls: 'tcp',
  udp: 'udp',
  'tcp-udp': 'tcp-udp',
} as const;

/** What a rule looks for in a path, and in a header, cookie or query parameter. */
export const PATH_MATCHES = ['exact', 'prefix', 'regex'] as const;
export const FIELD_MATCHES = ['exact', 'prefix', 'contains', 'regex', 'present', 'absent'] as const;

/** What a rule does to the path and to headers. */
export const PATH_REWRITES = ['whole', 'prefix', 'regex'] as const;
export const HEADER_EDITS = ['set', 'add', 'remove'] as const;

export const REDIRECT_STATUSES = [301, 302, 303, 307, 308] as const;

/** RFC 7518 §3.1, RFC 8037 §3.1. */
export const JWT_ALGORITHMS = ['RS256', 'ES256', 'PS256', 'EdDSA', 'HS256'] as const;

/** How the payload of a health check is written, and whether certificates are judged by it. */
export const PAYLOAD_FORMATS = ['text', 'hex'] as const;
export const TLS_VERIFY = ['auto', 'on', 'off'] as const;
/** Requests that may be sent again after they have been sent. */
export const RETRY_METHODS = ['idempotent', 'all'] as const;

/** Which of the requests that ended are asked for: a failure has a reason other than `none`, or a status of 500 or more. */
export const REQUEST_OUTCOMES = ['failed', 'all'] as const;
export type RequestOutcome = (typeof REQUEST_OUTCOMES)[number];
