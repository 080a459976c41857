import { HEALTH_CHECK } from '@evenkeel/model/limits.ts';
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
    value: word(['tcp', 'http']),
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
    help: 'Host header of http probes (default: the address of the target)',
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
];
