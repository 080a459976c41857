import type { PlannedHttp } from '@evenkeel/model/plan/http.ts';
import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import { answerEdits } from '../http1/listener-headers.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { addLine } from '../http1/request-id.ts';
import type { Reactor } from '../reactor/reactor.ts';
import type { Client } from '../source-address/client.ts';
import { EndReason } from '../telemetry/end-reason.ts';
import type { WorkerContext } from '../worker/context.ts';
import { type AnswerField, answerField, writeAnswerHead } from './action/local-answer.ts';
import { type Redirect, SLASH_REDIRECT } from './action/redirect.ts';
import { VariableValues } from './action/variables.ts';
import type { CompiledRule, ServiceReference } from './compiled-rule.ts';
import { PathHit } from './index/path-index.ts';
import { bearerToken } from './jwt/bearer.ts';
import { HostName } from './request/host-name.ts';
import { RequestChanges } from './request/request-changes.ts';
import { settlePath } from './request/target-path.ts';
import { Routed } from './routed.ts';
import type { RuleSet } from './rule-set.ts';

/** What is to be done with a request. */
export const Verdict = {
  /** Send it on: to `service`, or to the listener's when that is null. */
  forward: 0,
  /** Send the answer that `writeAnswer` writes, and `body`. */
  answer: 1,
  /** Fail it with `status` and `reason`. */
  refuse: 2,
} as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

const NO_BYTES = new Uint8Array(0);
const NO_FIELDS: readonly AnswerField[] = [];

/** What of a worker it takes to judge a request. */
export type JudgingPlace = Pick<WorkerContext, 'memory' | 'requestIds' | 'lines' | 'answer' | 'date'> & {
  readonly reactor: Pick<Reactor, 'wallTime'>;
};

/**
 * What the rules of its listener say of one request. One object serves many requests, one after the other; what it says is
 * good until the next one is judged.
 */
export class RuledRequest {
  rule: CompiledRule | null = null;
  service: ServiceReference | null = null;
  status = 0;
  reason: EndReason = EndReason.none;
  body: Uint8Array = NO_BYTES;
  readonly values: VariableValues;
  readonly changes: RequestChanges;
  readonly #worker: JudgingPlace;
  readonly #host = new HostName();
  readonly #hit = new PathHit<CompiledRule>();
  readonly #routed: Routed;
  #fields = NO_FIELDS;

  constructor(worker: JudgingPlace) {
    this.#worker = worker;
    this.#routed = new Routed(worker.memory);
    this.values = new VariableValues(worker.requestIds);
    this.changes = new RequestChanges(worker.lines);
  }

  /**
   * Finds the rule for the request whose head this is, and works out what it wants. The head's path is settled. `id` is
   * the number of the identifier that the request has been given; 0: none.
   */
  judge(
    rules: RuleSet,
    head: RequestHead,
    client: Client,
    planned: PlannedListener,
    fallback: boolean,
    id = 0,
  ): Verdict {
    const { memory } = this.#worker;
    const { fields } = head;
    const host = this.#host;
    this.rule = null;
    this.service = null;
    this.changes.none();
    if (head.host < 0) host.clear();
    else if (!host.read(memory, fields.valueStart(head.host), fields.valueEnd(head.host))) {
      return this.#refuse(400, EndReason.clientRequestHead);
    }
    const pathEnd = settlePath(memory, head);
    if (pathEnd < 0) return this.#refuse(400, EndReason.clientRequestHead);
    if (!this.#route(rules, head, client, pathEnd)) {
      return fallback || rules.order !== 'stay-in-host' ? Verdict.forward : this.#refuse(404, EndReason.proxyRoute);
    }
    const rule = this.#hit.matched?.rule ?? null;
    if (rule === null) throw new Error('a request was routed to no rule');
    this.rule = rule;
    rule.counts[rule.slot]!++;
    if (rule.hasVariables) this.values.take(rule.variables, client, memory, head, host, pathEnd, id);
    if (this.#hit.slash) return this.#redirect(SLASH_REDIRECT, head, client, planned, pathEnd, true);
    if (rule.jwt !== null) {
      const refused = this.#authenticate(rule.jwt, head);
      if (refused !== null) return refused;
    }
    return this.#act(rule, head, client, planned, pathEnd);
  }

  /** Lets go of the rules and the client: nothing is asked before the next request is judged. */
  forget(): void {
    this.rule = null;
    this.service = null;
    this.body = NO_BYTES;
    this.#hit.matched = null;
    this.#fields = NO_FIELDS;
    this.values.forget();
    this.#routed.forget();
  }

  /** Writes the head of the answer, with what its listener changes and one more line, if any; false: it is too large. */
  writeAnswer(keepAlive: boolean, http: PlannedHttp | null = null, line: string | null = null): boolean {
    const edits = answerEdits(http, this.rule?.responseHeaders ?? null);
    const { answer, date } = this.#worker;
    const { status, body, values } = this;
    if (!writeAnswerHead(answer, date, status, keepAlive, body.length, this.#fields, edits, values)) return false;
    if (line !== null) addLine(answer, line);
    return true;
  }

  #route(rules: RuleSet, head: RequestHead, client: Client, pathEnd: number): boolean {
    const routed = this.#routed;
    routed.take(head, this.#host, pathEnd, client);
    return rules.router.route(routed, routed, this.#hit);
  }

  #authenticate({ verifier, claims }: NonNullable<CompiledRule['jwt']>, head: RequestHead): Verdict | null {
    const { memory, reactor } = this.#worker;
    const token = bearerToken(memory, head);
    if (token === null) return this.#challenge('');
    const verdict = verifier.verify(token, reactor.wallTime);
    if (!verdict.valid) return this.#challenge(`, error="invalid_token", error_description="${verdict.fault}"`);
    this.changes.takeClaims(claims, verdict.claims);
    return null;
  }

  /** RFC 6750 section 3: a client that sent no token is told of no error. */
  #challenge(error: string): Verdict {
    const challenge = answerField('WWW-Authenticate', `Bearer realm="evenkeel"${error}`);
    return this.#answer(401, EndReason.clientAuthentication, [PLAIN_TEXT, challenge], UNAUTHORIZED);
  }

  #act(rule: CompiledRule, head: RequestHead, client: Client, planned: PlannedListener, pathEnd: number): Verdict {
    const { action } = rule;
    switch (action.type) {
      case 'redirect':
        return this.#redirect(action.redirect, head, client, planned, pathEnd, false);
      case 'respond': {
        const { status, contentType, body } = action.response;
        const fields = body.length === 0 ? [] : [answerField('Content-Type', contentType)];
        return this.#answer(status, EndReason.none, fields, body);
      }
      case 'forward':
        this.service = action.only ?? action.services.pick(client.hash);
        if (this.service === null) return this.#refuse(503, EndReason.proxyRoute);
        if (!rule.changesRequest) return Verdict.forward;
        switch (this.changes.compose(rule, this.values, head, pathEnd, this.#hit.length)) {
          case 'composed':
            return Verdict.forward;
          case 'too-large':
            return this.#refuse(431, EndReason.proxyRequestHead);
          case 'unsafe-path':
            return this.#refuse(400, EndReason.clientRequestHead);
        }
    }
  }

  #redirect(
    redirect: Redirect,
    head: RequestHead,
    client: Client,
    planned: PlannedListener,
    pathEnd: number,
    slash: boolean,
  ): Verdict {
    const request = {
      memory: this.#worker.memory,
      head,
      host: this.#host,
      pathEnd,
      scheme: planned.protocol === 'https' ? ('https' as const) : ('http' as const),
      localAddress: client.localAddress,
      localPort: client.localPort,
    };
    const location = { name: 'Location', write: (out: AnswerOut) => redirect.write(out, request, slash) };
    return this.#answer(redirect.status, EndReason.none, [location], NO_BYTES);
  }

  #answer(status: number, reason: EndReason, fields: readonly AnswerField[], body: Uint8Array): Verdict {
    this.status = status;
    this.reason = reason;
    this.#fields = fields;
    this.body = body;
    return Verdict.answer;
  }

  #refuse(status: number, reason: EndReason): Verdict {
    this.status = status;
    this.reason = reason;
    return Verdict.refuse;
  }
}

type AnswerOut = Parameters<AnswerField['write']>[0];

const UNAUTHORIZED = Buffer.from('401 Unauthorized\n');
const PLAIN_TEXT = answerField('Content-Type', 'text/plain');
