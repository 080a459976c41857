/** Rules by which an HTTP listener finds what to do with a request, as plans carry them. */

/**
 * `priority`: the lowest number that matches wins. `fall-through`: the best host, in it the best path; when none of its
 * paths match, the next best host. `stay-in-host`: the same, but only the best host is looked at.
 */
export const RULE_ORDERS = ['priority', 'fall-through', 'stay-in-host'] as const;
export type RuleOrder = (typeof RULE_ORDERS)[number];

/** Entry `rule-group/<id>`. */
export interface PlannedRuleGroup {
  readonly id: string;
  readonly name: string;
  readonly order: RuleOrder;
  readonly rules: readonly PlannedRule[];
}

export interface PlannedRule {
  readonly id: string;
  readonly name: string;
  /** Smaller first; no two are equal. Meaningful in the order `priority`, and between rules that are alike otherwise. */
  readonly priority: number;
  readonly match: PlannedMatch;
  readonly jwt: PlannedJwt | null;
  readonly rewrite: PlannedRewrite | null;
  /** A copy of the request goes there; what becomes of it is nobody's business. */
  readonly mirror: { readonly serviceId: string /** 1–100. */; readonly percent: number } | null;
  /** Done in this order, after the proxy's own fields are set. */
  readonly requestHeaders: readonly PlannedHeaderEdit[];
  readonly responseHeaders: readonly PlannedHeaderEdit[];
  readonly action: PlannedAction;
}

/** All kinds must match; within a kind, one entry must. An empty list matches everything. */
export interface PlannedMatch {
  readonly hosts: readonly PlannedHost[];
  readonly paths: readonly PlannedPath[];
  readonly methods: readonly string[];
  readonly headers: readonly PlannedFieldMatch[];
  readonly cookies: readonly PlannedFieldMatch[];
  readonly query: readonly PlannedFieldMatch[];
  /** CIDR blocks of the client's address. */
  readonly sources: readonly string[];
}

/** `prefix-wildcard` is `*.example.com` with the value `example.com`; `suffix-wildcard` is `www.example.*` with `www.example`. */
export interface PlannedHost {
  readonly kind: 'exact' | 'prefix-wildcard' | 'suffix-wildcard' | 'regex';
  /** Lower case. */
  readonly value: string;
}

export interface PlannedPath {
  readonly kind: 'exact' | 'prefix' | 'regex';
  readonly value: string;
  readonly ignoreCase: boolean;
}

/** Unlike the other kinds, every entry of a list of these must match; within one, one of its values. */
export interface PlannedFieldMatch {
  /** Header names in lower case; cookies and query parameters as they are. */
  readonly name: string;
  readonly kind: 'exact' | 'prefix' | 'contains' | 'regex' | 'present' | 'absent';
  /** Empty for `present` and `absent`. */
  readonly values: readonly string[];
}

export interface PlannedRewrite {
  /** null: unchanged. */
  readonly host: string | null;
  /** `prefix` replaces the prefix that the rule matched; `whole` the path; `regex` what the expression matches. */
  readonly path: {
    readonly kind: 'whole' | 'prefix' | 'regex';
    /** The expression; empty but for `regex`. */
    readonly pattern: string;
    /** With `$1` … `$9` for groups of the expression. */
    readonly replacement: string;
  } | null;
}

/** `set` replaces all fields of that name; `add` appends one; `remove` takes all away. */
export interface PlannedHeaderEdit {
  readonly operation: 'set' | 'add' | 'remove';
  readonly name: string;
  /** May hold `${client_address}`, `${client_port}`, `${host}`, `${request_id}`, `${tls_version}` …; see the guide. */
  readonly value: string;
}

export type PlannedAction =
  | {
      readonly type: 'forward';
      /** Chosen by weight, by the client's hash, so that a client stays (canary). */
      readonly services: readonly { readonly serviceId: string; readonly weight: number }[];
    }
  | {
      readonly type: 'redirect';
      readonly status: 301 | 302 | 303 | 307 | 308;
      /** null: as in the request. */
      readonly protocol: 'http' | 'https' | null;
      readonly host: string | null;
      /** 0: the protocol's own. */
      readonly port: number | null;
      readonly path: string | null;
      readonly query: string | null;
    }
  | {
      readonly type: 'respond';
      readonly status: number;
      readonly contentType: string;
      readonly body: string;
    };

/** The request must carry a token (RFC 7519) that one of the keys has signed. */
export interface PlannedJwt {
  /** JWK set (RFC 7517) as JSON text. */
  readonly keys: string;
  readonly algorithms: readonly ('RS256' | 'ES256' | 'PS256' | 'EdDSA' | 'HS256')[];
  /** null: any. */
  readonly issuer: string | null;
  readonly audience: string | null;
  /** Clock skew that is forgiven, in seconds. */
  readonly leeway: number;
  /** Claims that go on to the target, each in a header. */
  readonly claims: readonly { readonly claim: string; readonly header: string }[];
}
