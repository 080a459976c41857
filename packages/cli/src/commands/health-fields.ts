import { HEALTH_CHECK } from '@evenkeel/model/limits.ts';
import { CHECK_PROTOCOLS } from '@evenkeel/model/plan/objects.ts';
import { PAYLOAD_FORMATS, TLS_VERIFY } from '@evenkeel/model/settings.ts';
import { type Field, integer, onOff, portOrNone, standard, text, word, words } from './fields.ts';

/** The fields of health checks that the command line can set; see resource-fields.ts. */
export const healthFields: readonly Field[] = [
  {
    flag: 'health-check',
    field: 'healthCheck.enabled',
    value: onOff,
    help: 'whether targets are probed (default on)',
  },
  {
    flag: 'health-protocol',
    field: 'healthCheck.protocol',
    value: word(CHECK_PROTOCOLS),
    help: 'how (default: the protocol of the service)',
  },
  {
    flag: 'health-port',
    field: 'healthCheck.port',
    value: portOrNone,
    help: 'where; "none": the port that traffic goes to (default none)',
  },
  {
    flag: 'health-interval',
    field: 'healthCheck.interval',
    value: integer('seconds'),
    help: `from one probe to the next ${standard(HEALTH_CHECK.interval)}`,
  },
  {
    flag: 'health-timeout',
    field: 'healthCheck.timeout',
    value: integer('seconds'),
    help: `until a probe without an answer has failed ${standard(HEALTH_CHECK.timeout)}`,
  },
  {
    flag: 'health-rise',
    field: 'healthCheck.rise',
    value: integer('count'),
    help: `successes in a row until healthy ${standard(HEALTH_CHECK.rise)}`,
  },
  {
    flag: 'health-fall',
    field: 'healthCheck.fall',
    value: integer('count'),
    help: `failures in a row until unhealthy ${standard(HEALTH_CHECK.fall)}`,
  },
  {
    flag: 'health-method',
    field: 'healthCheck.method',
    value: word(['GET', 'HEAD']),
    help: 'method of http probes (default GET)',
  },
  { flag: 'health-path', field: 'healthCheck.path', value: text('path'), help: 'path of http probes (default /)' },
  {
    flag: 'health-host',
    field: 'healthCheck.host',
    value: text('host'),
    help: 'host of http and grpc probes (default: the address of the target)',
  },
  {
    flag: 'health-http-version',
    field: 'healthCheck.httpVersion',
    value: word(['1.0', '1.1']),
    help: 'HTTP version of probes (default 1.0)',
  },
  {
    flag: 'health-codes',
    field: 'healthCheck.codes',
    value: words('codes'),
    help: `codes that count as success, with commas: 2xx, 204, 200-299 (default ${HEALTH_CHECK.codes.default})`,
  },
  {
    flag: 'health-send',
    field: 'healthCheck.send',
    value: text('text'),
    help: 'what tcp, tls and udp probes send (default: nothing, by udp "HEALTH CHECK")',
  },
  {
    flag: 'health-expect',
    field: 'healthCheck.expect',
    value: text('text'),
    help: 'what has to be in the answer to tcp, tls and udp probes (default: no answer is needed)',
  },
  {
    flag: 'health-payload-format',
    field: 'healthCheck.payloadFormat',
    value: word(PAYLOAD_FORMATS),
    help: String.raw`how both are written: text with \r, \n, \t, \\ and \x0a, or hex (default text)`,
  },
  {
    flag: 'health-grpc-service',
    field: 'healthCheck.grpcService',
    value: text('name'),
    help: 'the service that grpc probes ask about (default: the server as a whole)',
  },
  {
    flag: 'health-checks-per-connection',
    field: 'healthCheck.checksPerConnection',
    value: integer('count'),
    help: `http probes that one connection carries while they succeed ${standard(HEALTH_CHECK.checksPerConnection)}`,
  },
  {
    flag: 'health-tls-verify',
    field: 'healthCheck.tlsVerify',
    value: word(TLS_VERIFY),
    help: 'whether certificates are judged within TLS; auto: as for traffic (default auto)',
  },
  {
    flag: 'health-server-name',
    field: 'healthCheck.serverName',
    value: text('name'),
    help: 'SNI of probes, and the name on the certificate (default: that of the service, else the host)',
  },
];
