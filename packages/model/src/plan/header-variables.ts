/** What `${…}` in the value of a header may name, in rules; see the guide on rules. */
export const HEADER_VARIABLES = [
  'client_address',
  'client_certificate_fingerprint',
  'client_certificate_issuer',
  'client_certificate_serial',
  'client_certificate_subject',
  'client_certificate_verify',
  'client_port',
  'host',
  'listener_address',
  'listener_port',
  'method',
  'path',
  'protocol',
  'request_id',
  'tls_cipher',
  'tls_server_name',
  'tls_version',
] as const;
export type HeaderVariable = (typeof HEADER_VARIABLES)[number];

/** Why a value has a variable that cannot be filled in, as the rest of a sentence; empty when all can. */
export function checkHeaderValue(value: string): string {
  for (const [text, name] of value.matchAll(/\$\{([^}]*)\}?/g)) {
    if (!text.endsWith('}')) return 'has a variable without its closing brace';
    if (!(HEADER_VARIABLES as readonly string[]).includes(name!)) return `has the unknown variable ${text}`;
  }
  return '';
}
