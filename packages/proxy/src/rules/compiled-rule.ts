import type { HeaderVariable } from '@evenkeel/model/plan/header-variables.ts';
import type { PlannedJwt, PlannedRule } from '@evenkeel/model/plan/rules.ts';
import { type AsciiSegment, asciiJson, asciiSegment } from '../telemetry/ascii-segment.ts';
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
  | { readonly type: 'forward'; readonly services: WeightedServices<ServiceReference> }
  | { readonly type: 'redirect'; readonly redirect: Redirect }
  | { readonly type: 'respond'; readonly response: FixedResponse };

/** Characters of a rule's name that the log takes. */
const MOST_LOGGED = 64;

/** Fields that the access log tells of as they came. */
const LOGGED = ['user-agent', 'referer', 'x-request-id'];

/** What a rule does, ready to be done. */
export class CompiledRule {
  /** Its name for the access log. */
  readonly logged: AsciiSegment;
  readonly jwt: { readonly verifier: JwtVerifier; readonly claims: PlannedJwt['claims'] } | null;
  /** The Host line for targets; null: as asked for. */
  readonly hostLine: string | null;
  readonly path: PathRewrite | null;
  readonly mirror: { readonly service: ServiceReference; readonly percent: number } | null;
  readonly requestHeaders: HeaderEdits;
  /** null: the response stays as it is. */
  readonly responseHeaders: HeaderEdits | null;
  readonly variables: ReadonlySet<HeaderVariable>;
  readonly action: RuleAction;
  /** The request that goes on says other things than the log does of the one that came. */
  readonly changesLogged: boolean;
  /** Hundredths of a copy that are owed: grows by `percent` with each request, and a copy takes 100. */
  #owed = 0;

  /** `reference` finds the services. Throws a PatternError for an expression that the model should have refused. */
  constructor(planned: PlannedRule, reference: (serviceId: string) => ServiceReference) {
    const { jwt, rewrite, mirror } = planned;
    const response = new HeaderEdits(planned.responseHeaders);
    // What a client says under the name of a claim is never the token's word.
    const claimed = jwt?.claims.map(({ header }) => header.toLowerCase()).filter(isEditable) ?? [];
    this.logged = asciiSegment(`,"rule":${asciiJson(planned.name.slice(0, MOST_LOGGED))}`);
    this.jwt =
      jwt === null
        ? null
        : {
            verifier: new JwtVerifier(jwt),
            claims: jwt.claims.filter(({ header }) => isEditable(header.toLowerCase())),
          };
    this.hostLine = rewrite?.host == null ? null : `Host: ${rewrite.host.replace(/[^!-~]/g, '')}\r\n`;
    this.path = rewrite?.path == null ? null : new PathRewrite(rewrite.path);
    this.mirror = mirror === null ? null : { service: reference(mirror.serviceId), percent: mirror.percent };
    this.requestHeaders = new HeaderEdits(planned.requestHeaders, claimed);
    this.responseHeaders = response.isEmpty ? null : response;
    this.variables = new Set([...this.requestHeaders.variables, ...response.variables]);
    this.action = actionOf(planned, reference);
    this.changesLogged = rewrite !== null || LOGGED.some((name) => this.requestHeaders.removed.has(name));
  }

  /** Whether the request is changed at all on its way. */
  get changesRequest(): boolean {
    return this.hostLine !== null || this.path !== null || this.jwt !== null || !this.requestHeaders.isEmpty;
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

function actionOf({ action }: PlannedRule, reference: (serviceId: string) => ServiceReference): RuleAction {
  switch (action.type) {
    case 'forward': {
      const services = action.services.map(({ serviceId, weight }) => ({ service: reference(serviceId), weight }));
      return { type: 'forward', services: new WeightedServices(services) };
    }
    case 'redirect':
      return { type: 'redirect', redirect: new Redirect(action) };
    case 'respond':
      return { type: 'respond', response: new FixedResponse(action) };
  }
}
