import { NotCarried } from '../findings.ts';

/** What HAProxy's log format and sample expressions are called in rules. */
const VARIABLES: Readonly<Record<string, string>> = {
  src: 'client_address',
  ci: 'client_address',
  src_port: 'client_port',
  cp: 'client_port',
  dst: 'listener_address',
  fi: 'listener_address',
  dst_port: 'listener_port',
  fp: 'listener_port',
  'hdr(host)': 'host',
  'req.hdr(host)': 'host',
  path: 'path',
  method: 'method',
  HM: 'method',
  ssl_fc_sni: 'tls_server_name',
  ssl_fc_protocol: 'tls_version',
  sslv: 'tls_version',
  ssl_fc_cipher: 'tls_cipher',
  sslc: 'tls_cipher',
  ssl_c_s_dn: 'client_certificate_subject',
  ssl_c_i_dn: 'client_certificate_issuer',
  'ssl_c_serial,hex': 'client_certificate_serial',
  ssl_c_verify: 'client_certificate_verify',
  'unique-id': 'request_id',
  ID: 'request_id',
};

/** The value of a header with our variables in place of HAProxy's (manual, §8.2.4). */
export function headerValue(format: string): string {
  return format.replace(/%(%|\[([^\]]*)\]|\{[^}]*\}|[A-Za-z]+)?/g, (text, what?: string, sample?: string) => {
    if (what === '%') return '%';
    const name =
      VARIABLES[(sample ?? what ?? '').replace(/\((.*)\)/, (_, inner: string) => `(${inner.toLowerCase()})`)];
    if (name === undefined) throw new NotCarried(`uses ${text}, for which there is no variable`);
    return `\${${name}}`;
  });
}
