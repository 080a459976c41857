import { Id, NodeId } from '../identifiers.ts';
import { LISTED_FLOWS, RECENT_REQUESTS } from '../limits.ts';
import { EVIDENCE_TARGETS } from '../plan/evidence.ts';
import { FLOW_ORDERS } from '../plan/flows.ts';
import { EndedRequests, RequestReport } from '../resources/ended-request.ts';
import { Explanation } from '../resources/explanation.ts';
import { Flows } from '../resources/flow.ts';
import { HealthEvidence, HealthTrial, HealthTrialRequest } from '../resources/health-evidence.ts';
import { ListenerTraffic, RuleGroupTraffic, ServiceTraffic } from '../resources/traffic.ts';
import { Address, Port, Ref, Words } from '../schema.ts';
import { REQUEST_OUTCOMES } from '../settings.ts';
import { Type } from '../type.ts';
import type { Route } from './route.ts';

const tags = ['diagnosis'] as const;

/** Forms of the parts of a request: none has a line break, which would make it another request. */
const EXPLAINED = {
  method: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
  host: '^[!-~]*$',
  path: '^[!-~]+$',
  header: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\\t -~\\u0080-\\uffff]*$",
  cookie: '^[ -:<-~]*$',
  headers: 64,
  length: 8_192,
  sourcePort: 40_000,
} as const;

/** What a flow of a network load balancer comes from, where nobody says. */
export const EXPLAINED_SOURCE_PORT = EXPLAINED.sourcePort;

const Lines = (pattern: string, most: number, description: string) =>
  Type.Array(Type.String({ pattern, maxLength: EXPLAINED.length }), { maxItems: most, description });

/** What only nodes know, asked while somebody waits. Nothing is changed by it, and nothing kept. */
export const diagnosisRoutes = {
  explain: {
    method: 'GET',
    path: '/v1/explain',
    summary: 'Explain what would become of a request',
    description:
      'Which rule applies and why others do not, what is done with the request, which targets its service has, and ' +
      'which would be chosen. A node that runs the listener says so, by the code and tables that its traffic goes ' +
      'through; nothing is sent and nobody’s turn is taken.',
    tags,
    query: Type.Object(
      {
        listenerId: Id('listener', 'The listener that would be asked.'),
        method: Type.Optional(
          Type.String({ pattern: EXPLAINED.method, maxLength: 64, default: 'GET', description: 'Default: GET.' }),
        ),
        host: Type.Optional(
          Type.String({ pattern: EXPLAINED.host, maxLength: 512, description: 'Default: where the listener listens.' }),
        ),
        path: Type.Optional(
          Type.String({
            pattern: EXPLAINED.path,
            maxLength: EXPLAINED.length,
            default: '/',
            description: 'Path and query. Default: `/`.',
          }),
        ),
        header: Type.Optional(
          Lines(EXPLAINED.header, EXPLAINED.headers, 'A header, as `Name: value`; may be repeated.'),
        ),
        cookie: Type.Optional(
          Lines(EXPLAINED.cookie, EXPLAINED.headers, 'A cookie, as `name=value`; may be repeated.'),
        ),
        source: Type.Optional(Address('Address of whoever connects. Default: 127.0.0.1.')),
        serverName: Type.Optional(
          Type.String({
            pattern: EXPLAINED.host,
            maxLength: 255,
            description: 'Name that the ClientHello asks for, where a tcp listener passes TLS through.',
          }),
        ),
        sourcePort: Type.Optional(
          Port(`Of a network load balancer: the port that the packets come from. Default: ${EXPLAINED.sourcePort}.`),
        ),
        port: Type.Optional(Port('Of one with a range of ports: the one that they go to. Default: the first.')),
        protocol: Type.Optional(Words(['tcp', 'udp'], 'Of one that takes both. Default: tcp.')),
        node: Type.Optional(NodeId('The node to ask. Default: the first that is connected.')),
      },
      { additionalProperties: false },
    ),
    status: 200,
    response: Ref(Explanation),
  },
  getRequest: {
    method: 'GET',
    path: '/v1/requests/{requestId}',
    summary: 'Show how a request ended, and why',
    description:
      'By the identifier that the access log has as `request_id`. Nodes remember their newest requests, and failures ' +
      'apart from them and longer, in memory of a fixed size; those of listeners whose access log is off they do not.',
    tags,
    params: Type.Object({
      requestId: Type.String({ minLength: 1, maxLength: 200, description: 'Identifier of the request.' }),
    }),
    status: 200,
    response: Ref(RequestReport),
  },
  listRequests: {
    method: 'GET',
    path: '/v1/requests',
    summary: 'List requests that ended lately, failures unless others are asked for',
    description:
      'What the nodes that are connected remember, the newest first: see `GET /v1/requests/{requestId}`. A failure has ' +
      'a reason other than `none`, or a status of 500 or more. There are no further pages: all are in the access log. Without a listener, only the newest ' +
      `${RECENT_REQUESTS.maximum} of each node are looked through, whichever tenant they are of.`,
    tags,
    query: Type.Object(
      {
        outcome: Type.Optional(Words(REQUEST_OUTCOMES, 'Default: failed.')),
        listenerId: Type.Optional(Id('listener', 'Those of this listener. Default: of all.')),
        limit: Type.Optional(
          Type.Integer({ ...RECENT_REQUESTS, description: `At most so many. Default: ${RECENT_REQUESTS.default}.` }),
        ),
      },
      { additionalProperties: false },
    ),
    status: 200,
    response: Ref(EndedRequests),
  },
  listFlows: {
    method: 'GET',
    path: '/v1/flows',
    summary: 'List flows of network load balancers that the kernel carries',
    description:
      'What the nodes that are connected know of single flows: all that are written down, and of the others the sample ' +
      'that they keep, which of a quiet listener is all of them. By `order=top` those that send the most, by packets that ' +
      'were drawn in the last 16 to 32 seconds. There are no further pages. Flows of listeners in user space are not ' +
      'listed: their number is told.',
    tags,
    query: Type.Object(
      {
        listenerId: Type.Optional(Id('listener', 'Those of this listener. Default: of all network load balancers.')),
        targetId: Type.Optional(Id('target', 'Those to this target.')),
        client: Type.Optional(Address('Those from this address.')),
        order: Type.Optional(Words(FLOW_ORDERS, 'Default: recent.')),
        limit: Type.Optional(
          Type.Integer({ ...LISTED_FLOWS, description: `At most so many. Default: ${LISTED_FLOWS.default}.` }),
        ),
      },
      { additionalProperties: false },
    ),
    status: 200,
    response: Ref(Flows),
  },
  getListenerTraffic: {
    method: 'GET',
    path: '/v1/listeners/{listenerId}/traffic',
    summary: 'Show what a listener has carried',
    description: 'What the nodes have counted since they started, requests that ended by reason among it.',
    tags,
    params: Type.Object({ listenerId: Id('listener', 'Identifier of the listener.') }),
    status: 200,
    response: Ref(ListenerTraffic),
  },
  getBackendServiceTraffic: {
    method: 'GET',
    path: '/v1/backend-services/{backendServiceId}/traffic',
    summary: 'Show what each target of a backend service has carried',
    description: 'What the nodes have counted since they started.',
    tags,
    params: Type.Object({ backendServiceId: Id('backendService', 'Identifier of the backend service.') }),
    status: 200,
    response: Ref(ServiceTraffic),
  },
  getRuleGroupTraffic: {
    method: 'GET',
    path: '/v1/rule-groups/{ruleGroupId}/traffic',
    summary: 'Show how many requests each rule of a group has matched',
    description: 'What the nodes have counted since they started, for all listeners of the group together.',
    tags,
    params: Type.Object({ ruleGroupId: Id('ruleGroup', 'Identifier of the rule group.') }),
    status: 200,
    response: Ref(RuleGroupTraffic),
  },
  getHealthEvidence: {
    method: 'GET',
    path: '/v1/backend-services/{backendServiceId}/health/evidence',
    summary: 'Show the last probes of the targets of a backend service',
    description:
      'What each node has sent, what came back and when, and what the verdict rests on: the last ten exchanges with each ' +
      'target, as nodes have them in memory.',
    tags,
    params: Type.Object({ backendServiceId: Id('backendService', 'Identifier of the backend service.') }),
    query: Type.Object(
      {
        targetId: Type.Optional(Id('target', 'Only this target.')),
        limit: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: EVIDENCE_TARGETS,
            default: 100,
            description: 'Targets for each node, at most.',
          }),
        ),
      },
      { additionalProperties: false },
    ),
    status: 200,
    response: Ref(HealthEvidence),
  },
  tryHealthCheck: {
    method: 'POST',
    path: '/v1/backend-services/{backendServiceId}/try-health-check',
    summary: 'Try a health check without changing anything',
    description:
      'Every node probes each target once, at once, by the health check of the service with the fields given changed, and ' +
      'the answer shows what happened. No state of any target changes by it. The answer takes as long as the probes: with ' +
      'targets that are silent, the timeout of the check for each 32 of them.',
    tags,
    params: Type.Object({ backendServiceId: Id('backendService', 'Identifier of the backend service.') }),
    body: Ref(HealthTrialRequest),
    status: 200,
    response: Ref(HealthTrial),
  },
} as const satisfies Record<string, Route>;
