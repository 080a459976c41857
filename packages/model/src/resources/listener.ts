import { LOG_FORMAT_LENGTH, LOG_FORMAT_NAMES } from '../access-log-format.ts';
import { Id, NodeId } from '../identifiers.ts';
import {
  ALLOWED_SOURCES,
  ERROR_PAGES,
  HEADER_TIMEOUT,
  IDLE_TIMEOUT,
  RULE,
  TRUSTED_PROXIES,
  UPGRADE_IDLE_TIMEOUT,
} from '../limits.ts';
import { DESYNC_MODES, REQUEST_ID_MODES } from '../plan/http.ts';
import { LISTENER_PROTOCOLS, type ListenerProtocol } from '../plan/objects.ts';
import { Address, Input, Network, Nullable, Output, optional, Patch, Port, Ref, Seconds, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Description, Name, resource, Tags, Written } from './attributes.ts';
import { InlineService } from './backend-service.ts';
import { ErrorPage } from './error-page.ts';
import { Forwarding, ForwardingPatch } from './forwarding.ts';
import { clientTimeouts, ListenerLimits, ListenerLimitsPatch } from './listener-limits.ts';
import {
  listenerTlsDocument,
  listenerTlsObjectPatches,
  listenerTlsObjects,
  listenerTlsSettings,
} from './listener-tls.ts';
import { HeaderEditInput } from './rule-edits.ts';

export { LISTENER_PROTOCOLS, type ListenerProtocol };

export const listenerIdentity = {
  protocol: Words(
    LISTENER_PROTOCOLS,
    'https and tls are http and tcp with TLS that ends here; tcp-udp is both on the same port. Network load balancers ' +
      'have tcp, udp and tcp-udp; the others all but udp and tcp-udp. Fixed after creation.',
  ),
  port: Port('Each port can be used once per load balancer, and once more by udp. Fixed after creation.'),
};

const LAST_PORT = Nullable(
  Port(
    'The last port of a range that begins with `port`, on network load balancers; null: one port. Targets hear on the ' +
      'port that the client asked for. Fixed after creation.',
  ),
);

export const listenerSettings = {
  description: Description,
  tags: Tags,
  enabled: Type.Boolean({ default: true, description: 'While false, nothing listens on the port.' }),
  idleTimeout: Type.Integer({
    minimum: IDLE_TIMEOUT.minimum,
    maximum: IDLE_TIMEOUT.maximum,
    description:
      'A connection on which nothing moves for this long is closed. ' +
      `In seconds. Default: ${IDLE_TIMEOUT.default.http} for http and https, ${IDLE_TIMEOUT.default.tcp} for tcp and tls, ` +
      `${IDLE_TIMEOUT.default.udp} for udp and tcp-udp.`,
  }),
  headerTimeout: Seconds(
    HEADER_TIMEOUT,
    'An HTTP request head must be complete within this time, else 408; a TLS handshake and a header of the PROXY protocol as well, else the connection is closed.',
  ),
  ...clientTimeouts,
  accessLog: Type.Boolean({ default: true, description: 'Whether requests or connections are written to the log.' }),
  accessLogFormat: Nullable(
    Type.String({
      minLength: 1,
      maxLength: LOG_FORMAT_LENGTH,
      description:
        `Form of its lines: ${LOG_FORMAT_NAMES.map((name) => `\`${name}\``).join(', ')}, or a template with variables such as ` +
        '`$remote_addr` and `${request_id}`; see the guide. null: as the node is set, `json` if nobody says otherwise.',
    }),
  ),
  requestId: Words(
    REQUEST_ID_MODES,
    'Who is told the identifier of a request, in `X-Request-ID`: `errors`: the client, in error answers of the load ' +
      'balancer’s own; `always`: client and target, and only a trusted proxy may choose it; `off`: nobody. Default: ' +
      'errors. Not used by tcp and tls.',
  ),
  trustedProxies: Type.Array(Network('An address or a CIDR block.'), {
    maxItems: TRUSTED_PROXIES,
    default: [],
    description:
      "Who may say what the client's address is, in `X-Forwarded-For` or by PROXY protocol. Default: nobody.",
  }),
  allowedSources: Type.Array(Network('An address or a CIDR block.'), {
    maxItems: ALLOWED_SOURCES,
    default: [],
    description:
      'Who may connect: a white list, beside the security groups of the load balancer, which have to allow it as well. ' +
      'Empty: everybody. A change replaces all of them.',
  }),
  acceptProxyProtocol: Type.Boolean({
    default: false,
    description: 'Whether connections of trusted proxies begin with a header of the PROXY protocol, version 1 or 2.',
  }),
  desyncMode: Words(
    DESYNC_MODES,
    'What is done with requests that some server could understand in another way: `monitor` counts what is harmless ' +
      'and refuses the rest, `defensive` also closes the connection, `strict` refuses all. Default: defensive. Not ' +
      'used by tcp.',
  ),
  upgradeIdleTimeout: Seconds(
    UPGRADE_IDLE_TIMEOUT,
    'An upgraded connection (WebSocket) on which nothing moves for this long is closed. Not used by tcp and tls.',
  ),
  compression: Type.Boolean({
    default: false,
    description: 'Whether text is compressed for clients that accept it. Not used by tcp and tls.',
  }),
  relativeRedirects: Type.Boolean({
    default: false,
    description:
      'Whether `Location` of targets goes on as a path alone where it is `http://` with the host that was asked for, so ' +
      'that clients stay with the scheme and the port by which they came. Not used by tcp and tls.',
  }),
  responseHeaders: Type.Array(Ref(HeaderEditInput), {
    maxItems: RULE.entries,
    default: [],
    description:
      'Changes of the headers of all answers: those of targets, of rules, whose own changes come after these, and of the ' +
      'load balancer itself, but for two that are given before a request is read: the 503 of a connection that is turned ' +
      'away, and the 400 for plain HTTP on https. Values are fixed text. A change replaces all of them. Not used by tcp ' +
      'and tls.',
  }),
  errorPages: Type.Array(Ref(ErrorPage), {
    maxItems: ERROR_PAGES.count,
    default: [],
    description:
      "What the load balancer's own error answers say. A change replaces all of them. Not used by tcp and tls.",
  }),
};

export const LISTENER_STATUS = ['pending', 'active', 'refused', 'offline', 'disabling', 'disabled'] as const;

/** What one node made of a listener. */
export const ListenerOnNode = Output('ListenerOnNode', {
  node: NodeId('The node.'),
  state: Words(
    ['pending', 'active', 'refused', 'offline'],
    '`refused`: the node cannot run it, and `code` and `detail` say why; `offline`: the node is not connected.',
  ),
  appliedGeneration: Type.Integer({ description: 'The newest generation that the node has applied.' }),
  offlineSince: Nullable(
    Type.String({
      format: 'date-time',
      description:
        'Since when the node is not connected, no earlier than the control plane has led: before that it may have been. ' +
        'null: it is connected.',
    }),
  ),
  code: Type.String({
    description:
      'Empty, or `address-in-use`, `address-not-available`, `permission-denied`, `certificate-unusable` (it runs, but for a name), `failed`.',
  }),
  detail: Type.String({ description: 'Empty, or the reason in words.' }),
  datapath: Type.String({
    description:
      'What carries a listener of a network load balancer there: `kernel (tcx)`, `kernel (xdp)` or `userspace`. Empty ' +
      'for other load balancers, and as long as it is not known.',
  }),
  datapathReason: Type.String({ description: 'For `userspace`: why it is not the kernel; else empty.' }),
});
export type ListenerOnNode = Static<typeof ListenerOnNode>;

const properties = resource(Id('listener', 'Identifier of the listener.'), {
  loadBalancerId: Id('loadBalancer', 'The load balancer that it belongs to.'),
  ...listenerIdentity,
  lastPort: LAST_PORT,
  backendServiceId: Nullable(
    Id('backendService', 'Where traffic goes. Without one, http answers 503 and tcp closes the connection.'),
  ),
  ruleGroupId: Nullable(
    Id('ruleGroup', 'What is done with requests before the backend service is asked; http and https alone.'),
  ),
  ...listenerSettings,
  ...listenerTlsSettings,
  ...listenerTlsObjects,
  forwarding: Ref(Forwarding),
  limits: Ref(ListenerLimits),
  addresses: Type.Array(Address('An address.'), {
    description: 'Where it listens: the VIP, and the elastic IP if any.',
  }),
  status: Words(
    LISTENER_STATUS,
    '`refused`: at least one node cannot run it; `pending`: a node that is connected has yet to apply it, or there is no ' +
      'node for it; `offline`: no node that has it is connected, and each goes on with what it had; `disabling`: it is disabled, and ' +
      'a node has yet to apply its last change; `disabled`: no node accepts for it.',
  ),
  nodes: Type.Array(Ref(ListenerOnNode), { description: 'What each node made of it.' }),
});

export const Listener = Output('Listener', properties);
export type Listener = Static<typeof Listener>;

export const ListenerWritten = Written('ListenerWritten', properties);

export const ListenerPatch = Patch('ListenerPatch', {
  name: Name,
  backendServiceId: properties.backendServiceId,
  ruleGroupId: properties.ruleGroupId,
  ...listenerSettings,
  ...listenerTlsSettings,
  ...listenerTlsObjectPatches,
  forwarding: Ref(ForwardingPatch),
  limits: Ref(ListenerLimitsPatch),
});
export type ListenerPatch = Static<typeof ListenerPatch>;

export const ListenerCreate = Input('ListenerCreate', {
  loadBalancerId: properties.loadBalancerId,
  name: Type.Optional(Type.String({ ...Name, description: 'Default: protocol and port, such as `http-80`.' })),
  ...listenerIdentity,
  lastPort: Type.Optional(LAST_PORT),
  ...optional(listenerSettings),
  ...optional(listenerTlsSettings),
  ...optional(listenerTlsObjectPatches),
  forwarding: Type.Optional(Ref(ForwardingPatch)),
  limits: Type.Optional(Ref(ListenerLimitsPatch)),
  backendServiceId: Type.Optional(properties.backendServiceId),
  ruleGroupId: Type.Optional(properties.ruleGroupId),
  service: Type.Optional(Ref(InlineService)),
});
export type ListenerCreate = Static<typeof ListenerCreate>;

/** A listener in a configuration document: it names its backend service, or carries it. */
export const ListenerDocument = Input('ListenerDocument', {
  name: ListenerCreate.properties.name,
  ...listenerIdentity,
  lastPort: Type.Optional(LAST_PORT),
  ...optional(listenerSettings),
  ...optional(listenerTlsDocument),
  forwarding: ListenerCreate.properties.forwarding,
  limits: ListenerCreate.properties.limits,
  backendService: Type.Optional(
    Nullable(Type.String({ description: 'Name or identifier of a backend service of this load balancer.' })),
  ),
  service: ListenerCreate.properties.service,
  ruleGroup: Type.Optional(
    Nullable(Type.String({ description: 'Name or identifier of a rule group of this load balancer.' })),
  ),
});
export type ListenerDocument = Static<typeof ListenerDocument>;
