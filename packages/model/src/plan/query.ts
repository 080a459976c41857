import type { ExplainedFlow, Explanation } from '../resources/explanation.ts';
import type { RequestOutcome } from '../settings.ts';
import type { EvidenceAnswer, EvidenceQuestion, TrialQuestion } from './evidence.ts';
import type { CountedInKernel, FlowsAnswer, FlowsQuestion } from './flows.ts';

/**
 * What the control plane may ask a node while the stream is open. An answer is for one caller, is not kept, and says how
 * things are at that moment. A node of an older version passes over what it does not know: the question then times out.
 */
export interface NodeQuestionKinds {
  /** What the node remembers of requests with an identifier. */
  requests: { readonly ask: RequestsQuestion; readonly answer: RequestsAnswer };
  /** The newest requests that the node remembers. */
  'recent-requests': { readonly ask: RecentRequestsQuestion; readonly answer: RequestsAnswer };
  /** What the node would do with a request. */
  explain: { readonly ask: ExplainQuestion; readonly answer: ExplainAnswer };
  /** What the node has counted of a listener, of the targets of a service, or of the rules of a group. */
  traffic: { readonly ask: TrafficQuestion; readonly answer: TrafficAnswer };
  /** What the node has counted of all its load balancers. */
  volumes: { readonly ask: VolumesQuestion; readonly answer: VolumesAnswer };
  /** How many connections each of some listeners has. */
  connections: { readonly ask: ConnectionsQuestion; readonly answer: ConnectionsAnswer };
  /** Single flows that the kernel of the node carries. */
  flows: { readonly ask: FlowsQuestion; readonly answer: FlowsAnswer };
  /** The last probes of the targets of a service. */
  'health-evidence': { readonly ask: EvidenceQuestion; readonly answer: EvidenceAnswer };
  /** One probe of each target given, with the check given; nothing changes by it. */
  'health-trial': { readonly ask: TrialQuestion; readonly answer: EvidenceAnswer };
  /** To try at once what the node could not apply; the answer comes when it has. */
  retry: { readonly ask: RetryQuestion; readonly answer: RetryAnswer };
}
export type QuestionKind = keyof NodeQuestionKinds;
export type QuestionOf<K extends QuestionKind> = NodeQuestionKinds[K]['ask'];
export type AnswerOf<K extends QuestionKind> = NodeQuestionKinds[K]['answer'];

/** `id` is the asker's, and comes back with the answer. */
export type QueryMessage = {
  readonly [K in QuestionKind]: {
    readonly type: 'query';
    readonly id: number;
    readonly kind: K;
    readonly question: QuestionOf<K>;
  };
}[QuestionKind];

export type AnswerMessage =
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  /** The node could not answer, for this reason. */
  | { readonly type: 'answer'; readonly id: number; readonly problem: string };

/** Questions that a node works on at a time; one more is answered with a problem. */
export const QUESTIONS_AT_A_TIME = 32;

export interface RequestsQuestion {
  readonly requestId: string;
}

export interface RecentRequestsQuestion {
  readonly outcome: RequestOutcome;
  /** null: of all listeners. */
  readonly listenerId: string | null;
  /** Whose requests those are; absent: all. A node of an older version takes no notice of it. */
  readonly loadBalancers?: {
    readonly ids: readonly string[];
    /** Whether they are the ones to show, or the ones to leave out. */
    readonly shown: boolean;
  };
  /** At most `RECENT_REQUESTS.maximum`. */
  readonly limit: number;
}

export interface RequestsAnswer {
  /** Lines of the access log as JSON objects, the newest first. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Unix milliseconds when the oldest request ended that the node remembers; null: it remembers none. */
  readonly since: number | null;
}

/** A request, or for TCP and TLS listeners a connection, that might come. */
export interface ExplainQuestion {
  readonly listenerId: string;
  readonly method: string;
  /** Host header; empty: none is sent, which HTTP/1.1 does not allow. */
  readonly host: string;
  /** Path and query. */
  readonly path: string;
  /** Header fields, each as `Name: value`. */
  readonly headers: readonly string[];
  /** Cookies, each as `name=value`. */
  readonly cookies: readonly string[];
  /** Address of whoever connects. */
  readonly source: string;
  /** Name that the ClientHello asks for, where TLS is passed through; empty: none. */
  readonly serverName: string;
  /** Of a network load balancer, the rest of what tells a flow from others. Absent: of others, or an older control plane. */
  readonly flow?: {
    readonly protocol: 'tcp' | 'udp';
    readonly sourcePort: number;
    /** The port that it goes to. */
    readonly port: number;
  };
}

/** Nodes of older versions leave out what they do not know of. */
export type ExplainAnswer = Omit<Explanation, 'node' | 'kernel'> & {
  readonly kernel?: (Omit<ExplainedFlow, 'nodeAddress' | 'nodePort' | 'points'> & Partial<ExplainedFlow>) | null;
};

/** One of the three; the others are empty. */
export interface TrafficQuestion {
  readonly listenerId: string;
  readonly serviceId: string;
  /** Absent from control planes of older versions. */
  readonly ruleGroupId?: string;
}

export interface RetryQuestion {
  readonly listenerIds: readonly string[];
}

/** The generation that the node runs after it; what it still refuses it has told before, by `applied`. */
export interface RetryAnswer {
  readonly version: number;
}

/** At most `IMPACT.listeners`. */
export interface ConnectionsQuestion {
  readonly listenerIds: readonly string[];
}

export interface ConnectionsAnswer {
  /** Those that the node carries. */
  readonly listeners: readonly { readonly listenerId: string; readonly activeConnections: number }[];
}

export type VolumesQuestion = Readonly<Record<string, never>>;

/** Of what its listeners have carried since the node started. */
export interface LoadBalancerVolume {
  readonly loadBalancerId: string;
  readonly connections: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

export interface VolumesAnswer {
  /** Those with anything but zeroes. */
  readonly loadBalancers: readonly LoadBalancerVolume[];
}

export interface CountedTraffic {
  readonly connections: number;
  readonly activeConnections: number;
  readonly requests: number;
  readonly activeRequests: number;
  /** By class: 1xx to 5xx. */
  readonly responses: readonly number[];
  readonly bytesReceived: number;
  readonly bytesSent: number;
  /** Absent: the kernel carries nothing of it, or the node is of an older version. */
  readonly kernel?: CountedInKernel;
}

export interface TrafficAnswer {
  /** Rules that have matched; absent from nodes of older versions. */
  readonly rules?: readonly { readonly ruleId: string; readonly requests: number }[];
  readonly listeners: readonly (CountedTraffic & {
    /** How many ended so. */
    readonly reasons: Readonly<Record<string, number>>;
    /** Sources that may not connect, by what refuses them; absent: from a node of an older version. */
    readonly refused?: Readonly<Record<string, number>>;
    /** Requests that some server could understand in another way; absent: from a node of an older version. */
    readonly desync?: Readonly<Record<string, number>>;
  })[];
  readonly targets: readonly (CountedTraffic & {
    readonly targetId: string;
    /** Where it is; port 0: that of the listener. Absent: from a node of an older version. */
    readonly address?: string;
    readonly port?: number;
    /** It has left the plan; what was under way to it goes on. Absent: from a node of an older version. */
    readonly draining?: boolean;
    readonly idleConnections: number;
    readonly connectErrors: number;
    readonly replays: number;
  })[];
}
