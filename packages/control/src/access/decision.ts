import { mayAs } from '@evenkeel/model/access.ts';
import { type Route, roleFor } from '@evenkeel/model/contract/route.ts';
import type { AccessStatement } from '@evenkeel/model/resources/access-policy.ts';
import type { AccessPolicyRecord } from '../state/records.ts';
import type { State } from '../state/state.ts';
import type { Identity } from './identity.ts';
import type { Subject } from './subjects.ts';

/** What somebody asks to do. */
export interface Asked {
  /** The call; and what a change that it makes would be called by itself. */
  readonly actions: readonly string[];
  readonly route: Pick<Route, 'method' | 'role' | 'reach'>;
  /** What it is about; nothing: nothing in particular. */
  readonly subjects: readonly Subject[];
  /** False while there may be more of them: the body of the request is not there yet. */
  readonly complete: boolean;
}

export interface Decision {
  readonly allowed: boolean;
  /** In words, without who. */
  readonly reason: string;
  readonly decidedBy: 'role' | 'reach' | 'policy';
  readonly policyId: string;
}

/** The access policies that hold for somebody. */
export function policiesOf({ id }: Pick<Identity, 'id'>, { users, accessPolicies }: State): AccessPolicyRecord[] {
  return (users.get(id)?.accessPolicyIds ?? []).map((policyId) => accessPolicies.get(policyId)!);
}

/**
 * Whether somebody may do something, decided here and nowhere else. What denies wins. Then the role allows. What the role
 * does not allow, a policy may, as far as an operator could do it: who has users and what belongs to all tenants are
 * questions of role and reach alone.
 */
export function decide(identity: Identity, policies: readonly AccessPolicyRecord[], asked: Asked): Decision {
  const { route, actions } = asked;
  const [action] = actions;
  const takes = roleFor(route);
  if (route.reach === 'all' && identity.reach !== 'all') {
    const reason = `${action} takes a role that reaches all tenants, and that of ${identity.name} reaches its own`;
    return { allowed: false, reason, decidedBy: 'reach', policyId: '' };
  }
  for (const policy of policies) {
    if (!policy.statements.some((statement) => denies(statement, asked))) continue;
    const reason = `${action} is denied to ${identity.name} by the access policy ${policy.name}`;
    return { allowed: false, reason, decidedBy: 'policy', policyId: policy.id };
  }
  if (mayAs(identity.role, takes)) {
    const reason = `${action} takes the role ${takes}, and ${identity.name} has the role ${identity.role}`;
    return { allowed: true, reason, decidedBy: 'role', policyId: '' };
  }
  const allowing = takes === 'operator' ? policyThatAllows(policies, asked) : undefined;
  if (allowing !== undefined) {
    const reason = `${action} is allowed to ${identity.name} by the access policy ${allowing.name}`;
    return { allowed: true, reason, decidedBy: 'policy', policyId: allowing.id };
  }
  const reason = `${action} takes the role ${takes}, and ${identity.name} has the role ${identity.role} here`;
  return { allowed: false, reason, decidedBy: 'role', policyId: '' };
}

function denies(statement: AccessStatement, { actions, subjects }: Asked): boolean {
  if (statement.effect !== 'deny' || !actions.some((action) => matchesAction(statement, action))) return false;
  return isAboutEverything(statement) || subjects.some((subject) => isAbout(statement, subject));
}

/** The first of the policies that together allow it: each subject must be allowed. */
function policyThatAllows(
  policies: readonly AccessPolicyRecord[],
  { actions, subjects, complete }: Asked,
): AccessPolicyRecord | undefined {
  const fitting = policies.filter(({ statements }) => {
    return statements.some((statement) => allowsAction(statement, actions));
  });
  const allows = (covers: (statement: AccessStatement) => boolean) =>
    fitting.find(({ statements }) => {
      return statements.some((statement) => allowsAction(statement, actions) && covers(statement));
    });
  // What the body names is looked at when it is there.
  if (subjects.length === 0) return complete ? allows(isAboutEverything) : fitting[0];
  const found = subjects.map((subject) => allows((statement) => isAbout(statement, subject)));
  return found.every((policy) => policy !== undefined) ? found[0] : undefined;
}

function allowsAction(statement: AccessStatement, actions: readonly string[]): boolean {
  return statement.effect === 'allow' && actions.some((action) => matchesAction(statement, action));
}

/** Also calls that are about nothing in particular. */
function isAboutEverything({ resources, exceptResources, tags }: AccessStatement): boolean {
  return resources.includes('*') && exceptResources.length === 0 && Object.keys(tags).length === 0;
}

function isAbout({ resources, exceptResources, tags }: AccessStatement, subject: Subject): boolean {
  const named = (patterns: readonly string[]) => subject.ids.some((id) => patterns.some((one) => isNamed(one, id)));
  return (
    named(resources) &&
    !named(exceptResources) &&
    Object.entries(tags).every(([key, value]) => Object.hasOwn(subject.tags, key) && subject.tags[key] === value)
  );
}

/** `pattern`: an identifier, a kind such as `lb-*`, or `*`. */
function isNamed(pattern: string, id: string): boolean {
  return pattern.endsWith('*') ? id.startsWith(pattern.slice(0, -1)) : pattern === id;
}

const compiled = new WeakMap<AccessStatement, RegExp>();

function matchesAction(statement: AccessStatement, action: string): boolean {
  let expression = compiled.get(statement);
  if (expression === undefined) {
    expression = expressionOf(statement.actions);
    compiled.set(statement, expression);
  }
  return expression.test(action);
}

/** What matches the calls that any of the patterns names. */
export function expressionOf(patterns: readonly string[]): RegExp {
  // Letters and at most four stars, as the schema has it: nothing to escape, and no way to make it slow.
  return new RegExp(`^(${patterns.map((pattern) => pattern.replaceAll('*', '.*')).join('|')})$`);
}
