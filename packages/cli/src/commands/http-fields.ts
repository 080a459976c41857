import { UPGRADE_IDLE_TIMEOUT } from '@evenkeel/model/limits.ts';
import { DESYNC_MODES } from '@evenkeel/model/plan/http.ts';
import { CLIENT_ADDRESS_FIELDS } from '@evenkeel/model/settings.ts';
import { errorPage, type Field, headerEdit, integer, onOff, standard, word, wordsOrNone } from './fields.ts';

/** The fields of HTTP and of source addresses that the command line can set; see resource-fields.ts. */

/** How an HTTP listener treats requests. */
export const httpFields: readonly Field[] = [
  {
    flag: 'desync-mode',
    field: 'desyncMode',
    value: word(DESYNC_MODES),
    help: 'what is done with requests that some server could understand in another way (default defensive)',
  },
  {
    flag: 'upgrade-idle-timeout',
    field: 'upgradeIdleTimeout',
    value: integer('seconds'),
    help: `until a silent WebSocket connection is closed ${standard(UPGRADE_IDLE_TIMEOUT)}`,
  },
  {
    flag: 'compression',
    field: 'compression',
    value: onOff,
    help: 'whether text is compressed for clients that accept it (default off)',
  },
  {
    flag: 'relative-redirects',
    field: 'relativeRedirects',
    value: onOff,
    help: 'whether http:// redirects of targets to the host that was asked for keep clients on scheme and port (default off)',
  },
  {
    flag: 'response-header',
    field: 'responseHeaders',
    value: headerEdit,
    help: 'change of all answers: NAME=VALUE, +NAME=VALUE, !NAME; several times; replaces all; "none": no changes',
  },
  {
    flag: 'error-page',
    field: 'errorPages',
    value: errorPage,
    help: 'a file for its own answers of a status, or a URL to send clients to, several times; replaces all; "none": no pages',
  },
];

const forwardSwitch = (flag: string, field: string, header: string): Field => ({
  flag: `forward-${flag}`,
  field: `forwarding.${field}`,
  value: onOff,
  help: `whether targets get ${header} (default off)`,
});

/** Who the client is, and what targets learn of it. */
export const sourceFields: readonly Field[] = [
  {
    flag: 'trusted-proxies',
    field: 'trustedProxies',
    value: wordsOrNone('blocks'),
    help: 'addresses and CIDR blocks that may say who the client is, with commas; "none": nobody (default none)',
  },
  {
    flag: 'allowed-sources',
    field: 'allowedSources',
    value: wordsOrNone('blocks'),
    help: 'addresses and CIDR blocks that may connect, with commas; "none": everybody (default none)',
  },
  {
    flag: 'accept-proxy-protocol',
    field: 'acceptProxyProtocol',
    value: onOff,
    help: 'whether connections of trusted proxies begin with a PROXY protocol header (default off)',
  },
  {
    flag: 'forward-client-address',
    field: 'forwarding.clientAddress',
    value: word(CLIENT_ADDRESS_FIELDS),
    help: 'what is done with X-Forwarded-For (default append)',
  },
  forwardSwitch('protocol', 'protocol', 'X-Forwarded-Proto'),
  forwardSwitch('port', 'port', 'X-Forwarded-Port'),
  forwardSwitch('host', 'host', 'X-Forwarded-Host'),
  forwardSwitch('lb-address', 'loadBalancerAddress', 'X-Forwarded-LBIP'),
  forwardSwitch('client-port', 'clientPort', 'X-Forwarded-Client-Port'),
  forwardSwitch('standard', 'standard', 'Forwarded'),
];
