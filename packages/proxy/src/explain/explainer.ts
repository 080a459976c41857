import type { PlannedListener } from '@evenkeel/model/plan/objects.ts';
import type { ExplainQuestion } from '@evenkeel/model/plan/query.ts';
import type { PlannedRule, PlannedRuleGroup } from '@evenkeel/model/plan/rules.ts';
import type { ExplainedRule, ExplainedShare } from '@evenkeel/model/resources/explanation.ts';
import type { ServiceReference } from '../rules/compiled-rule.ts';
import { HostName } from '../rules/request/host-name.ts';
import { settlePath } from '../rules/request/target-path.ts';
import { RuleSet } from '../rules/rule-set.ts';
import { RuledRequest, Verdict } from '../rules/ruled-request.ts';
import { finish } from '../rules/steps.ts';
import type { Client } from '../source-address/client.ts';
import { END_REASONS, EndReason } from '../telemetry/end-reason.ts';
import { ServerNames } from '../tls/server-names.ts';
import type { WorkerService } from '../worker/messages.ts';
import { changesOf, listenerChanges, locationIn } from './effects.ts';
import { JudgingRoom } from './judging-room.ts';
import { clientOf, type MadeRequest, makeRequest } from './made-request.ts';
import { type JudgedRequest, ruleVerdicts } from './rule-verdicts.ts';
import { type ProtectingTables, sourceRefusal } from './source-refusal.ts';
import { chooseTarget, type TargetChoice } from './target-choice.ts';

/** What the engine runs, as far as it is asked for here. */
export interface RunningTables extends ProtectingTables {
  ruleGroup(id: string): PlannedRuleGroup | null;
  service(id: string): WorkerService | null;
}

/** What would become of a request or connection, and why. */
export interface EngineExplanation {
  readonly request: {
    readonly method: string;
    readonly host: string;
    readonly path: string;
    readonly query: string;
    readonly client: string;
  };
  readonly outcome: 'forward' | 'redirect' | 'respond' | 'refuse' | 'close';
  readonly status: number | null;
  readonly location: string;
  readonly reason: string;
  readonly why: string;
  readonly ruleOrder: string;
  readonly rules: readonly ExplainedRule[];
  readonly rulesLeftOut: number;
  readonly changes: readonly string[];
  readonly services: readonly ExplainedShare[];
  readonly service: { readonly id: string; readonly choice: TargetChoice } | null;
}

interface NamedReference extends ServiceReference {
  readonly id: string;
}

interface Compiled {
  readonly rules: RuleSet;
  readonly references: ReadonlyMap<string, NamedReference>;
}

/**
 * Says what the workers would do with a request, by running their code over what they run, on the owner's thread. A rule
 * group is compiled when it is first asked about, and for as long as it stays the same.
 */
export class Explainer {
  readonly #tables: RunningTables;
  readonly #now: () => number;
  readonly #compiled = new WeakMap<PlannedRuleGroup, Compiled>();

  /** `now`: Unix milliseconds. */
  constructor(tables: RunningTables, now: () => number) {
    this.#tables = tables;
    this.#now = now;
  }

  explain(planned: PlannedListener, question: ExplainQuestion): EngineExplanation {
    const refusal = sourceRefusal(this.#tables, planned, question);
    if (refusal !== null) {
      const basis = basisOf(question, clientOf(question, planned));
      return { ...basis, outcome: 'close', reason: REASON_OF_SOURCE, why: refusal };
    }
    const room = new JudgingRoom(this.#now());
    if (planned.http === null) return this.#connection(planned, question, room);
    const made = makeRequest(question, planned, room);
    const asked = { ...basisOf(question, made.client), services: [], rules: [] };
    if (made.refused > 0) {
      return { ...asked, outcome: 'refuse', status: made.refused, reason: REASON_OF_HEAD, why: made.why };
    }
    const group = planned.ruleGroupId === null ? null : this.#tables.ruleGroup(planned.ruleGroupId);
    return group === null
      ? this.#withoutRules(planned, question, made, room)
      : this.#judge(planned, group, question, made, room);
  }

  #connection(planned: PlannedListener, question: ExplainQuestion, room: JudgingRoom): EngineExplanation {
    const client = clientOf(question, planned);
    const names = new ServerNames<string>();
    for (const { name, serviceId } of planned.serverNames) names.set(name, serviceId);
    const named = question.serverName === '' ? undefined : names.find(question.serverName.toLowerCase());
    const basis = basisOf(question, client);
    const why =
      named === undefined ? "the connection goes to the listener's service" : 'the server name chooses the service';
    return this.#sent({ ...basis, why }, named ?? planned.serviceId, client, null, room, 'close');
  }

  #withoutRules(
    planned: PlannedListener,
    question: ExplainQuestion,
    made: MadeRequest,
    room: JudgingRoom,
  ): EngineExplanation {
    const why = 'the listener has no rules; its service is asked';
    const basis = { ...basisOf(question, made.client), why, changes: listenerChanges(planned.http) };
    return this.#sent(basis, planned.serviceId, made.client, made, room, 'refuse');
  }

  #judge(
    planned: PlannedListener,
    group: PlannedRuleGroup,
    question: ExplainQuestion,
    made: MadeRequest,
    room: JudgingRoom,
  ): EngineExplanation {
    const { rules, references } = this.#compile(group);
    const { head, client } = made;
    const judged = judgedOf(made, room);
    const ruled = new RuledRequest(room);
    const fallback = planned.serviceId !== null && this.#tables.service(planned.serviceId) !== null;
    const verdict = ruled.judge(rules, head, client, planned, fallback);
    const place = ruled.rule === null ? -1 : rules.rules.indexOf(ruled.rule);
    const rule = group.rules[place] ?? null;
    const basis = {
      ...basisOf(question, client),
      request: judged === null ? basisOf(question, client).request : requestOf(question, judged, client),
      ruleOrder: group.order,
      services: rule === null ? [] : sharesOf(rule, ruled.service, references),
      changes: [...listenerChanges(planned.http), ...(rule === null ? [] : changesOf(rule))],
      ...(judged === null ? { rules: [], rulesLeftOut: 0 } : verdictsOf(group, judged, place)),
    };
    const by = rule === null ? '' : `rule ${rule.name} applies`;
    switch (verdict) {
      case Verdict.forward: {
        if (rule === null) {
          const why = "no rule matches; the listener's service is asked";
          return this.#sent({ ...basis, why }, planned.serviceId, client, made, room, 'refuse');
        }
        const id = ruled.service === null ? planned.serviceId : idOf(ruled.service, references);
        return this.#sent({ ...basis, why: by }, id, client, made, room, 'refuse');
      }
      case Verdict.answer: {
        ruled.writeAnswer(true);
        const location = locationIn(room.answer);
        const outcome = ruled.reason !== EndReason.none ? 'refuse' : location === '' ? 'respond' : 'redirect';
        const does =
          outcome === 'refuse' ? 'and asks for a token that the request does not have' : 'and answers by itself';
        return {
          ...basis,
          outcome,
          status: ruled.status,
          location,
          reason: END_REASONS[ruled.reason]!,
          why: `${by}, ${does}`,
        };
      }
      case Verdict.refuse: {
        const why = rule === null ? refusalWithoutRule(ruled.status) : `${by}, and the request cannot be sent on`;
        return { ...basis, outcome: 'refuse', status: ruled.status, reason: END_REASONS[ruled.reason]!, why };
      }
    }
  }

  /** A request or connection that goes to a service, if that has somewhere to send it. */
  #sent(
    basis: Omit<EngineExplanation, 'outcome'>,
    id: string | null,
    client: Client,
    made: MadeRequest | null,
    room: JudgingRoom,
    otherwise: 'refuse' | 'close',
  ): EngineExplanation {
    const service = id === null ? null : this.#tables.service(id);
    const failed = {
      outcome: otherwise,
      status: otherwise === 'refuse' ? 503 : null,
      reason: REASON_OF_ROUTE,
    } as const;
    if (service === null || id === null) return { ...basis, ...failed, why: `${basis.why}; there is no service` };
    const choice = chooseTarget(service, client, made === null ? null : made.head, room);
    if (choice.chosen === null) {
      return { ...basis, ...failed, service: { id, choice }, why: `${basis.why}; no target takes new traffic` };
    }
    return { ...basis, outcome: 'forward', service: { id, choice } };
  }

  #compile(group: PlannedRuleGroup): Compiled {
    let compiled = this.#compiled.get(group);
    if (compiled === undefined) {
      const references = new Map<string, NamedReference>();
      const rules = RuleSet.compile(group.order, group.rules, (id) => {
        const reference = references.get(id) ?? { id, service: null };
        references.set(id, reference);
        return reference;
      });
      compiled = { rules: finish(rules), references };
      this.#compiled.set(group, compiled);
    }
    return compiled;
  }
}

const REASON_OF_SOURCE = END_REASONS[EndReason.proxyAccept]!;
const REASON_OF_HEAD = END_REASONS[EndReason.clientRequestHead]!;
const REASON_OF_ROUTE = END_REASONS[EndReason.proxyRoute]!;

function basisOf(question: ExplainQuestion, client: Client): Omit<EngineExplanation, 'outcome'> {
  const { method, host, path } = question;
  const [bare = '', query = ''] = path.split(/\?(.*)/s, 2);
  return {
    request: { method, host, path: bare, query, client: client.remoteAddress },
    status: null,
    location: '',
    reason: END_REASONS[EndReason.none]!,
    why: '',
    ruleOrder: '',
    rules: [],
    rulesLeftOut: 0,
    changes: [],
    services: [],
    service: null,
  };
}

interface Judged extends JudgedRequest {
  readonly query: string;
}

/** The request as rules see it; null: its host or path is refused. */
function judgedOf({ head, client }: MadeRequest, { memory }: JudgingRoom): Judged | null {
  const name = new HostName();
  const { fields } = head;
  if (head.host >= 0 && !name.read(memory, fields.valueStart(head.host), fields.valueEnd(head.host))) return null;
  const pathEnd = settlePath(memory, head);
  if (pathEnd < 0) return null;
  const queryStart = Math.min(pathEnd + 1, head.targetEnd);
  const textOf = (start: number, end: number): string => Buffer.from(memory.subarray(start, end)).toString('latin1');
  return {
    routed: { memory, head, queryStart, queryEnd: head.targetEnd, client: client.ip },
    host: textOf(name.start, name.end),
    path: textOf(head.pathStart, pathEnd),
    query: textOf(queryStart, head.targetEnd),
  };
}

function requestOf(
  question: ExplainQuestion,
  { host, path, query }: Judged,
  client: Client,
): EngineExplanation['request'] {
  return { method: question.method, host, path, query, client: client.remoteAddress };
}

function verdictsOf(group: PlannedRuleGroup, judged: Judged, applying: number) {
  const { rules, leftOut } = ruleVerdicts(group, judged, applying);
  return { rules, rulesLeftOut: leftOut };
}

function sharesOf(
  { action }: PlannedRule,
  chosen: ServiceReference | null,
  references: ReadonlyMap<string, NamedReference>,
): ExplainedShare[] {
  if (action.type !== 'forward') return [];
  const total = action.services.reduce((sum, { weight }) => sum + weight, 0);
  return action.services.map(({ serviceId, weight }) => ({
    serviceId,
    weight,
    percent: total === 0 ? 0 : Math.round((weight * 10_000) / total) / 100,
    chosen: chosen !== null && references.get(serviceId) === chosen,
  }));
}

function idOf(service: ServiceReference, references: ReadonlyMap<string, NamedReference>): string | null {
  for (const reference of references.values()) if (reference === service) return reference.id;
  return null;
}

function refusalWithoutRule(status: number): string {
  return status === 404
    ? 'the best host has no rule that matches, and the listener has no service of its own'
    : 'host or path cannot be compared safely';
}
