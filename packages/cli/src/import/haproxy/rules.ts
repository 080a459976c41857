import type { ForwardingPatch } from '@evenkeel/model/resources/forwarding.ts';
import type { RuleDocument } from '@evenkeel/model/resources/rule.ts';
import type { RuleMatchPatch } from '@evenkeel/model/resources/rule-match.ts';
import { ALWAYS, and, type Condition, matchesOf } from '../condition.ts';
import { type Findings, NotCarried } from '../findings.ts';
import { Names } from '../names.ts';
import { Acls } from './conditions.ts';
import { type Step, stepOf } from './http-rule.ts';
import type { Proxy } from './proxy.ts';
import type { Statement } from './sections.ts';

/** Something that a proxy does to requests under a condition, understood. */
interface Decision {
  readonly statement: Statement;
  readonly step: Step;
  readonly condition: Condition;
}

/** A `use_backend` line. */
interface Choice {
  readonly statement: Statement;
  readonly backend: string;
  readonly condition: Condition;
}

/** What a proxy in mode http decides, in the order in which it does. */
export interface Decisions {
  readonly decisions: readonly Decision[];
  readonly choices: readonly Choice[];
}

const STEPS = ['http-request', 'http-response', 'http-after-response', 'redirect', 'block', 'monitor-uri'];

/** Reads them all; what cannot be carried over is told and left out. */
export function decisionsOf({ statements }: Proxy, findings: Findings): Decisions {
  const acls = new Acls(statements.take('acl'));
  const all = STEPS.flatMap((word) => statements.take(word)).sort((a, b) => a.line - b.line);
  const decisions = all.flatMap((statement) =>
    attempt<Decision>(statement, findings, () => {
      const step = stepOf(action(statement.words));
      if (statement.words[0] === 'monitor-uri') {
        const path = { kind: 'exact' as const, value: statement.words[1] ?? '/' };
        return [{ statement, step, condition: [[{ kind: 'match' as const, match: { paths: [path] } }]] }];
      }
      return step.kind === 'nothing' ? [] : [{ statement, step, condition: acls.condition(statement.words) }];
    }),
  );
  const choices = statements.take('use_backend').flatMap((statement) =>
    attempt(statement, findings, () => {
      const backend = statement.words[1] ?? '';
      if (backend.includes('%['))
        throw new NotCarried('chooses the backend by parts of the request: name each by a rule');
      return [{ statement, backend, condition: acls.condition(statement.words) }];
    }),
  );
  return { decisions, choices };
}

/** What a backend is, to its frontends. */
export interface KnownBackend {
  readonly service: string;
  readonly decisions: Decisions;
}

export interface Ruled {
  readonly rules: readonly RuleDocument[];
  readonly forwarding: ForwardingPatch;
}

/** The rules of a frontend for its listeners with TLS, or for those without. */
export function rulesOf(
  { decisions, choices }: Decisions,
  fallback: KnownBackend | null,
  backend: (name: string, statement: Statement) => KnownBackend | null,
  tls: boolean,
  findings: Findings,
): Ruled {
  const names = new Names();
  const rules: RuleDocument[] = [];
  const forwarding: ForwardingPatch = {};
  /** Whether every request has met its rule, so that none behind it would ever match. */
  let complete = false;
  const add = (name: string, matches: readonly RuleMatchPatch[], does: Omit<RuleDocument, 'name' | 'match'>) => {
    for (const match of matches) {
      if (complete) return;
      complete = Object.keys(match).length === 0;
      rules.push({ name: names.fresh(name), ...(complete ? {} : { match }), ...does });
    }
  };
  const answer = ({ step, condition, statement }: Decision, within: Condition) =>
    attempt(statement, findings, () => {
      if (step.kind === 'redirect')
        add('redirect', matchesOf(and(within, condition), tls), { redirect: step.redirect });
      if (step.kind === 'respond') add('respond', matchesOf(and(within, condition), tls), { respond: step.respond });
      return [];
    });
  const send = (to: KnownBackend, condition: Condition, statement: Statement | null) => {
    for (const decision of to.decisions.decisions) answer(decision, condition);
    const changes = [...decisions, ...to.decisions.decisions];
    const does = { ...editsOf(changes, tls, forwarding, findings), forward: [{ backendService: to.service }] };
    // Where nothing is changed, the listener's own backend service does as well.
    if (statement === null && Object.keys(does).length === 1) return;
    add(to.service, matchesOf(condition, tls), does);
  };
  for (const decision of decisions) answer(decision, ALWAYS);
  for (const { backend: name, condition, statement } of choices) {
    attempt(statement, findings, () => {
      const to = backend(name, statement);
      if (to !== null) send(to, condition, statement);
      return [];
    });
  }
  if (fallback !== null) send(fallback, ALWAYS, null);
  return { rules, forwarding };
}

type Edits = Pick<RuleDocument, 'requestHeaders' | 'responseHeaders' | 'rewrite'>;

/** What is changed of every request: changes under conditions of the request are told. */
function editsOf(all: readonly Decision[], tls: boolean, forwarding: ForwardingPatch, findings: Findings): Edits {
  const requestHeaders: NonNullable<Edits['requestHeaders']> = [];
  const responseHeaders: NonNullable<Edits['responseHeaders']> = [];
  let rewrite: Edits['rewrite'] | undefined;
  for (const { statement, step, condition } of all) {
    if (step.kind === 'redirect' || step.kind === 'respond') continue;
    attempt(statement, findings, () => {
      const matches = matchesOf(condition, tls);
      if (matches.length === 0) return [];
      if (matches.some((match) => Object.keys(match).length > 0) && step.kind !== 'forwarding') {
        throw new NotCarried(
          'changes requests under a condition of its own: give the rule of that condition the change',
        );
      }
      if (step.kind === 'request-header') requestHeaders.push(step.edit);
      if (step.kind === 'response-header') responseHeaders.push(step.edit);
      if (step.kind === 'rewrite') rewrite = { ...rewrite, ...step.rewrite };
      if (step.kind === 'forwarding') Object.assign(forwarding, step.forwarding);
      return [];
    });
  }
  return {
    ...(requestHeaders.length === 0 ? {} : { requestHeaders }),
    ...(responseHeaders.length === 0 ? {} : { responseHeaders }),
    ...(rewrite === undefined ? {} : { rewrite }),
  };
}

function action(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word) => word === 'if' || word === 'unless');
  return at < 0 ? words : words.slice(0, at);
}

function attempt<T>(statement: Statement, findings: Findings, work: () => T[]): T[] {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof NotCarried)) throw error;
    const refuses = statement.words.some((word) => word === 'deny' || word === 'block' || word === 'tarpit');
    if (refuses) findings.add('to-do', statement, `what it refuses is let through: it ${error.message}`);
    else findings.add('left-out', statement, error.message);
    return [];
  }
}
