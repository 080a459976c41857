import type { Statement } from './sections.ts';

/** Words whose statements say nothing that a load balancer of ours needs: logs, the process, and what it does anyway. */
const WORDS = new Set(
  (
    'description id log log-format log-format-sd log-tag error-log-format backlog bind-process disabled enabled fullconn grace ' +
    'http-reuse max-keep-alive-queue max-session-srv-conns monitor-net nbproc load-server-state-from-file ' +
    'server-state-file-name unique-id-format unique-id-header clitcpka-cnt clitcpka-idle clitcpka-intvl srvtcpka-cnt ' +
    'srvtcpka-idle srvtcpka-intvl declare tcp-check'
  ).split(' '),
);
const OPTIONS = new Set(
  (
    'abortonclose accept-invalid-http-request accept-invalid-http-response allbackups checkcache clitcpka contstats ' +
    'dontlog-normal dontlognull http-buffer-request http-ignore-probes http-keep-alive http-no-delay http-pretend-keepalive ' +
    'http-server-close http-use-htx http-use-proxy-header httplog httpslog idle-close-on-response independent-streams ' +
    'log-health-checks log-separate-errors logasap nolinger originalto persist prefer-last-server socket-stats splice-auto ' +
    'splice-request splice-response srvtcpka tcp-smart-accept tcp-smart-connect tcpka tcplog transparent'
  ).split(' '),
);
const TIMEOUTS = new Set([
  'client',
  'server',
  'connect',
  'check',
  'queue',
  'tunnel',
  'http-request',
  'http-keep-alive',
  'client-fin',
  'server-fin',
  'tarpit',
]);

/** Why a statement that nobody took is not carried over; null when it is not missed. */
export function reasonLeftOut({ words }: Statement): string | null {
  const [first = '', second = '', third = ''] = words;
  if (WORDS.has(first)) return null;
  if (first === 'option' && OPTIONS.has(second)) return null;
  if (first === 'no' && second === 'option') return OPTIONS.has(third) ? null : 'is not known here';
  if (first === 'timeout' && TIMEOUTS.has(second)) return null;
  // What a frontend does not use of a backend's, and the other way round, stands in `defaults` as a rule.
  if (['balance', 'retries', 'default-server', 'http-check', 'retry-on', 'maxconn', 'mode'].includes(first))
    return null;
  switch (first) {
    case 'stats':
      return 'is not needed: see /metrics of the node agent and `evenkeel health`';
    case 'errorfile':
    case 'errorfiles':
    case 'errorloc':
    case 'errorloc302':
    case 'errorloc303':
      return 'has to be written as `errorPages` of the listener';
    case 'capture':
      return 'is set by the format of the access log';
    case 'filter':
    case 'email-alert':
    case 'tcp-request':
    case 'tcp-response':
      return `has no counterpart: ${first}`;
    default:
      return 'is not known here';
  }
}
