import type { HeaderVariable } from '@evenkeel/model/plan/header-variables.ts';
import type { PlannedHeaderEdit, PlannedJwt, PlannedRule } from '@evenkeel/model/plan/rules.ts';
import { type AsciiSegment, asciiJson, asciiSegment } from '../telemetry/ascii-segment.ts';
import { nameOfHost } from '../tls/asked-name.ts';
import type { Service } from '../upstream/service.ts';
import { FixedResponse } from './action/fixed-response.ts';
import { HeaderEdits, isEditable } from './action/header-edits.ts';
import { PathRewrite } from './action/path-rewrite.ts';
import { Redirect } from './action/redirect.ts';
import { WeightedServices } from './action/weighted-services.ts';
import { JwtVerifier } from './jwt/verifier.ts';

/** A service by its id; what it is changes with the plan. */
export interface ServiceReference {
  readonly service: Service | null;
}

export type RuleAction =
  | {
      readonly type: 'forward';
      readonly services: WeightedServices<ServiceReference>;
      /** The service that all of it goes to; null: there are several, or none. */
      readonly only: ServiceReference | null;
    }
  | { readonly type: 'redirect'; readonly redirect: Redirect }
  | { readonly type: 'respond'; readonly response: FixedResponse };

/** Characters of a rule's name that the log takes. */
const MOST_LOGGED = 64;

/** Fields that the access log tells of as they came. */
const LOGGED = ['user-agent', 'referer', 'x-request-id'];

/** What a rule does, ready to be done. */
export class CompiledRule {
  readonly jwt: { readonly verifier: JwtVerifier; readonly claims: PlannedJwt['claims'] } | null;
  /** The Host line for targets; null: as asked for. */
  readonly hostLine: string | null;
  /** The name of that host, which targets are asked for over TLS; null: that of the request. */
  readonly serverName: string | null;
  readonly path: PathRewrite | null;
  readonly mirror: { readonly service: ServiceReference; readonly percent: number } | null;
  readonly requestHeaders: HeaderEdits;
  /** null: the response stays as it is. */
  readonly responseHeaders: HeaderEdits | null;
  readonly variables: ReadonlySet<HeaderVariable>;
  readonly action: RuleAction;
  /** The request is changed at all on its way. */
  readonly changesRequest: boolean;
  /** There are variables to be filled in. */
  readonly hasVariables: boolean;
  /** The request that goes on says other things than the log does of the one that came. */
  readonly changesLogged: boolean;
  /** Requests that it matched are counted in `counts[slot]`. */
  readonly counts: Float64Array;
  readonly slot: number;
  readonly #name: string;
  #logged: AsciiSegment | null = null;
  /** Hundredths of a copy that are owed: grows by `percent` with each request, and a copy takes 100. */
  #owed = 0;

  /** `reference` finds the services. Throws a PatternError for an expression that the model should have refused. */
  constructor(
    planned: PlannedRule,
    reference: (serviceId: string) => ServiceReference,
    counts: Float64Array,
    slot: number,
  ) {
    const { jwt, rewrite, mirror } = planned;
    const response = editsOf(planned.responseHeaders);
    // What a client says under the name of a claim is never the token's word.
    const claimed = jwt?.claims.map(({ header }) => header.toLowerCase()).filter(isEditable) ?? [];
    this.counts = counts;
    this.slot = slot;
    this.#name = planned.name;
    this.jwt =
      jwt === null
        ? null
        : {
            verifier: new JwtVerifier(jwt),
            claims: jwt.claims.filter(({ header }) => isEditable(header.toLowerCase())),
          };
    const host = rewrite?.host?.replace(/[^!-~]/g, '') ?? null;
    this.hostLine = host === null ? null : `Host: ${host}\r\n`;
    this.serverName = host === null ? null : nameOfHost(host);
    this.path = rewrite?.path == null ? null : new PathRewrite(rewrite.path);
    this.mirror = mirror === null ? null : { service: reference(mirror.serviceId), percent: mirror.percent };
    this.requestHeaders = editsOf(planned.requestHeaders, claimed);
    this.responseHeaders = response.isEmpty ? null : response;
    const variables = [...this.requestHeaders.variables, ...response.variables];
    this.variables = variables.length === 0 ? NO_EDITS.variables : new Set(variables);
    this.action = actionOf(planned, reference);
    this.hasVariables = this.variables.size > 0;
    this.changesRequest = this.hostLine !== null || this.path !== null || jwt !== null || !this.requestHeaders.isEmpty;
    this.changesLogged = rewrite !== null || LOGGED.some((name) => this.requestHeaders.removed.has(name));
  }

  /** Its name for the access log; made when it is first asked for, as most rules of many never are. */
  get logged(): AsciiSegment {
    this.#logged ??= asciiSegment(`,"rule":${asciiJson(this.#name.slice(0, MOST_LOGGED))}`);
    return this.#logged;
  }

  /** The service that a copy of the next request goes to; null: none is made. Evenly spread, without chance. */
  takeMirror(): Service | null {
    const { mirror } = this;
    if (mirror === null) return null;
    this.#owed += mirror.percent;
    if (this.#owed < 100) return null;
    this.#owed -= 100;
    return mirror.service.service;
  }
}

const NO_EDITS = new HeaderEdits([]);

/** Most rules have none, and share them. */
function editsOf(edits: readonly PlannedHeaderEdit[], alsoRemoved: readonly string[] = []): HeaderEdits {
  return edits.length + alsoRemoved.length === 0 ? NO_EDITS : new HeaderEdits(edits, alsoRemoved);
}

function actionOf({ action }: PlannedRule, reference: (serviceId: string) => ServiceReference): RuleAction {
  switch (action.type) {
    case 'forward': {
      const services = action.services.map(({ serviceId, weight }) => ({ service: reference(serviceId), weight }));
      const only = services.length === 1 && services[0]!.weight > 0 ? services[0]!.service : null;
      return { type: 'forward', services: new WeightedServices(services), only };
    }
    case 'redirect':
      return { type: 'redirect', redirect: new Redirect(action) };
    case 'respond':
      return { type: 'respond', response: new FixedResponse(action) };
  }
}
