import { HSTS_MAX_AGE, VERIFY_DEPTH } from '@evenkeel/model/limits.ts';
import { CLIENT_CERTIFICATE_MODES } from '@evenkeel/model/settings.ts';
import { type Field, integer, onOff, standard, text, word, words } from './fields.ts';

/** The fields of TLS that the command line can set; see resource-fields.ts. */

/** TLS with clients. */
export const tlsFields: readonly Field[] = [
  {
    flag: 'session-tickets',
    field: 'sessionTickets',
    value: onOff,
    help: 'whether clients may resume TLS sessions by tickets (default on)',
  },
  {
    flag: 'client-certificates',
    field: 'clientCertificates.mode',
    value: word(CLIENT_CERTIFICATE_MODES),
    help: 'whether clients are asked for a certificate, or must have one (default off)',
  },
  {
    flag: 'verify-depth',
    field: 'clientCertificates.depth',
    value: integer('count'),
    help: `intermediate certificates of a client, at most ${standard(VERIFY_DEPTH)}`,
  },
  {
    flag: 'hsts',
    field: 'hsts.enabled',
    value: onOff,
    help: 'whether browsers are to come by https alone (default off)',
  },
  {
    flag: 'hsts-max-age',
    field: 'hsts.maxAge',
    value: integer('seconds'),
    help: `how long they keep to it ${standard(HSTS_MAX_AGE)}`,
  },
  {
    flag: 'hsts-include-subdomains',
    field: 'hsts.includeSubDomains',
    value: onOff,
    help: 'whether that is meant for all names below, too (default off)',
  },
];

/** TLS to targets. */
export const targetTlsFields: readonly Field[] = [
  {
    flag: 'tls',
    field: 'tls.enabled',
    value: onOff,
    help: 'whether connections to targets are encrypted (default off)',
  },
  {
    flag: 'tls-verify',
    field: 'tls.verify',
    value: onOff,
    help: 'whether the certificates of targets must be good (default on)',
  },
  {
    flag: 'tls-server-name',
    field: 'tls.serverName',
    value: text('name'),
    help: 'the name that they must be for (default: the host of the request)',
  },
];

/** What a security policy says of the protocol. */
export const protocolFields: readonly Field[] = [
  { flag: 'versions', field: 'versions', value: words('versions'), help: 'versions of TLS, with commas: 1.2, 1.3' },
  {
    flag: 'ciphers',
    field: 'ciphers',
    value: words('ciphers'),
    help: 'ciphers in order of preference, with commas; "evenkeel policy ciphers" lists them',
  },
];
