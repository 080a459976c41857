import type { RulePatch } from '@evenkeel/model/resources/rule.ts';
import { ProblemError, refuseField } from '../problem.ts';
import type { RuleRecord } from '../state/records.ts';
import type { LoadBalancerTree } from '../state/state.ts';
import { forwardOf, mirrorOf, redirectOf, respondOf, rewriteOf } from './actions.ts';
import { headerEditsOf } from './headers.ts';
import { jwtOf } from './jwt.ts';
import type { KeptJwt } from './jwt-secrets.ts';
import { changeMatch, EVERYTHING } from './match.ts';

/** What a rule says, without what it is called and where it stands. */
export type RuleContent = Pick<
  RuleRecord,
  | 'description'
  | 'match'
  | 'forward'
  | 'redirect'
  | 'respond'
  | 'jwt'
  | 'jwtSecrets'
  | 'rewrite'
  | 'mirror'
  | 'requestHeaders'
  | 'responseHeaders'
>;

export const NOTHING: RuleContent = {
  description: '',
  match: EVERYTHING,
  forward: null,
  redirect: null,
  respond: null,
  jwt: null,
  jwtSecrets: null,
  rewrite: null,
  mirror: null,
  requestHeaders: [],
  responseHeaders: [],
};

const ACTIONS = ['forward', 'redirect', 'respond'] as const;

/**
 * The content with the given fields changed; whatever can be wrong within one rule is refused. Secrets that the patch
 * leaves out are those of `kept`. `at` is the pointer to `patch`.
 */
export function changeContent(
  tree: LoadBalancerTree,
  current: RuleContent,
  patch: Omit<RulePatch, 'name' | 'priority'>,
  at: string,
  kept: KeptJwt = current,
): RuleContent {
  const match = changeMatch(current.match, patch.match, `${at}/match`);
  const { forward, redirect, respond, jwt, rewrite, mirror } = patch;
  const changed: RuleContent = {
    description: patch.description ?? current.description,
    match,
    ...actionOf(tree, current, { forward, redirect, respond }, at),
    ...jwtPatched(current, jwt, kept, at),
    // The match may be other than when it was checked first.
    rewrite:
      rewrite === undefined
        ? current.rewrite && rewriteOf(current.rewrite, match, `${at}/match`)
        : rewrite && rewriteOf(rewrite, match, `${at}/rewrite`),
    mirror: mirror === undefined ? current.mirror : mirror && mirrorOf(tree, mirror, `${at}/mirror`),
    requestHeaders: patch.requestHeaders
      ? headerEditsOf(patch.requestHeaders, `${at}/requestHeaders`)
      : current.requestHeaders,
    responseHeaders: patch.responseHeaders
      ? headerEditsOf(patch.responseHeaders, `${at}/responseHeaders`)
      : current.responseHeaders,
  };
  checkTogether(changed, at);
  return changed;
}

function jwtPatched(current: KeptJwt, patch: RulePatch['jwt'], kept: KeptJwt, at: string): KeptJwt {
  if (patch === null) return { jwt: null, jwtSecrets: null };
  if (patch !== undefined) return jwtOf(patch, kept, `${at}/jwt`);
  return { jwt: current.jwt, jwtSecrets: current.jwtSecrets };
}

type Action = Pick<RuleContent, (typeof ACTIONS)[number]>;
type ActionPatch = { readonly [K in (typeof ACTIONS)[number]]: RulePatch[K] | undefined };

/** The one thing that the rule does: the one that is given takes the place of the one that was there. */
function actionOf(tree: LoadBalancerTree, current: Action, patch: ActionPatch, at: string): Action {
  const given = ACTIONS.filter((action) => patch[action]);
  if (given.length > 1) {
    refuseField('validation-failed', `${at}/${given[1]}`, `a rule does one thing, and ${given[0]} is there`, ACTIONS);
  }
  const { forward, redirect, respond } = patch;
  if (given.length === 0) {
    const kept = ACTIONS.find((action) => current[action] !== null && patch[action] !== null);
    if (kept !== undefined) return { forward: current.forward, redirect: current.redirect, respond: current.respond };
    throw new ProblemError('validation-failed', `${at || '/'}: what the rule does is missing`, {
      errors: [{ field: `${at}/forward`, reason: 'is missing, or `redirect`, or `respond`', allowed: ACTIONS }],
    });
  }
  return {
    forward: forward ? forwardOf(tree, forward, `${at}/forward`) : null,
    redirect: redirect ? redirectOf(redirect, `${at}/redirect`) : null,
    respond: respond ? respondOf(respond, `${at}/respond`) : null,
  };
}

/** Refuses what goes with forwarding alone, and a mirror of a service to itself. */
function checkTogether({ forward, rewrite, mirror, requestHeaders }: RuleContent, at: string): void {
  if (forward === null) {
    const [field] = [rewrite && 'rewrite', mirror && 'mirror', requestHeaders.length > 0 && 'requestHeaders'].filter(
      Boolean,
    );
    if (field) refuseField('validation-failed', `${at}/${field}`, 'goes with `forward` alone');
  }
  if (mirror && forward?.some(({ backendServiceId }) => backendServiceId === mirror.backendServiceId)) {
    const reason = 'is a service that requests go to themselves';
    refuseField('validation-failed', `${at}/mirror/backendServiceId`, reason);
  }
}
