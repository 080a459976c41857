import { HEALTH_CHECK } from '../limits.ts';
import { CHECK_PROTOCOLS } from '../plan/objects.ts';
import { Count, Nullable, Output, Patch, Port, Seconds, Words } from '../schema.ts';
import { PAYLOAD_FORMATS, TLS_VERIFY } from '../settings.ts';
import { type Static, type TProperties, Type } from '../type.ts';

const { interval, timeout, rise, fall, pathLength, hostLength, codes, payloadLength, grpcServiceLength } = HEALTH_CHECK;

const settings = {
  enabled: Type.Boolean({ default: true, description: 'While false, every target takes traffic unchecked.' }),
  protocol: Words(
    CHECK_PROTOCOLS,
    'Default: the protocol of the backend service. On the port of the traffic of a service that reaches its ' +
      'targets by TLS, `http` and `grpc` are spoken within TLS as well; `tls`, `https` and `grpcs` always are.',
  ),
  port: Nullable(Port('The port that is probed; null: the port that traffic goes to.')),
  interval: Seconds(interval, 'From one probe to the next.'),
  timeout: Seconds(timeout, 'A probe without an answer by then has failed.'),
  rise: Count(rise, 'Successes in a row until a target is healthy.'),
  fall: Count(fall, 'Failures in a row until a target is unhealthy.'),
  method: Words(['GET', 'HEAD'], 'Request method of http probes. Default: GET.'),
  path: Type.String({
    pattern: '^/[!-~]*$',
    maxLength: pathLength,
    default: '/',
    description: 'Request target of http probes: starts with `/`; visible ASCII only.',
  }),
  host: Type.String({
    pattern: '^[A-Za-z0-9.:\\[\\]_-]*$',
    maxLength: hostLength,
    default: '',
    description: 'Host of http and grpc probes; empty: the address of the target.',
  }),
  httpVersion: Words(['1.0', '1.1'], 'HTTP version of probes. Default: 1.0.'),
  codes: Type.Array(
    Type.String({
      pattern: '^([1-5]xx|[1-5][0-9]{2}(-[1-5][0-9]{2})?)$',
      description: 'A class (`2xx`), a code (`204`) or a range (`200-299`).',
    }),
    {
      minItems: 1,
      maxItems: codes.maximum,
      default: [...codes.default],
      description: 'Status codes that count as success.',
    },
  ),
  send: Type.String({
    maxLength: payloadLength,
    default: '',
    description: 'What tcp, tls and udp probes send; empty: nothing, or by udp `HEALTH CHECK`.',
  }),
  expect: Type.String({
    maxLength: payloadLength,
    default: '',
    description:
      'What has to be in the first 4 KiB of the answer to tcp, tls and udp probes; empty: no answer is needed, and by ' +
      'udp silence is a success, too, unless an ICMP error comes back.',
  }),
  payloadFormat: Words(
    PAYLOAD_FORMATS,
    'How `send` and `expect` are written: as text, in which `\\r`, `\\n`, `\\t`, `\\\\` and `\\x0a` stand for bytes, ' +
      'or in hexadecimal digits. Default: text.',
  ),
  grpcService: Type.String({
    pattern: '^[!-~]*$',
    maxLength: grpcServiceLength,
    default: '',
    description: 'The service that grpc probes ask about; empty: the server as a whole.',
  }),
  checksPerConnection: Count(
    HEALTH_CHECK.checksPerConnection,
    'Probes by http or https that one connection carries while they succeed; more than 1 needs HTTP/1.1, and costs a ' +
      'fraction, but that a target takes no new connections is found that many intervals later.',
  ),
  tlsVerify: Words(
    TLS_VERIFY,
    "Whether a target's certificate has to be good within TLS, as judged by the authority of the service. `auto`: as " +
      'for traffic; not where traffic goes in the clear. Default: auto.',
  ),
  serverName: Type.String({
    pattern: '^[A-Za-z0-9._-]*$',
    maxLength: hostLength,
    default: '',
    description:
      'The name that is sent as SNI and that the certificate must be for; empty: that of the service, else `host`.',
  }),
} satisfies TProperties;

export const HealthCheck = Output('HealthCheck', settings);
export type HealthCheck = Static<typeof HealthCheck>;

export const HealthCheckPatch = Patch('HealthCheckPatch', settings);
export type HealthCheckPatch = Static<typeof HealthCheckPatch>;
