import { NotCarried } from '../findings.ts';

/** What nginx's variables are called in rules. */
const VARIABLES: Readonly<Record<string, string>> = {
  remote_addr: 'client_address',
  realip_remote_addr: 'client_address',
  remote_port: 'client_port',
  host: 'host',
  http_host: 'host',
  server_addr: 'listener_address',
  server_port: 'listener_port',
  request_method: 'method',
  uri: 'path',
  scheme: 'protocol',
  request_id: 'request_id',
  ssl_cipher: 'tls_cipher',
  ssl_protocol: 'tls_version',
  ssl_server_name: 'tls_server_name',
  ssl_client_s_dn: 'client_certificate_subject',
  ssl_client_i_dn: 'client_certificate_issuer',
  ssl_client_serial: 'client_certificate_serial',
  ssl_client_fingerprint: 'client_certificate_fingerprint',
  ssl_client_verify: 'client_certificate_verify',
};

/** The value of a header with our variables in place of nginx's. */
export function headerValue(text: string): string {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (variable, braced?: string, bare?: string) => {
    const name = VARIABLES[braced ?? bare ?? ''];
    if (name === undefined) throw new NotCarried(`uses ${variable}, for which there is no variable`);
    return `\${${name}}`;
  });
}
