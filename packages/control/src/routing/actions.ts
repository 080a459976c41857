import { checkHostName } from '@evenkeel/model/host-pattern.ts';
import { RULE } from '@evenkeel/model/limits.ts';
import { checkPattern } from '@evenkeel/model/regex/check.ts';
import { parsePattern } from '@evenkeel/model/regex/parse.ts';
import {
  ForwardTo,
  type ForwardToInput,
  Mirror,
  type MirrorInput,
  Redirect,
  type RedirectInput,
  Respond,
  type RespondInput,
} from '@evenkeel/model/resources/rule-actions.ts';
import { PathRewrite, Rewrite, type RewriteInput } from '@evenkeel/model/resources/rule-edits.ts';
import type { RuleMatch } from '@evenkeel/model/resources/rule-match.ts';
import { completed } from '@evenkeel/model/schema.ts';
import { refuseField } from '../problem.ts';
import type { LoadBalancerTree } from '../state/state.ts';

/** What becomes of requests, in one form each. `at` points to what was sent. */

export function forwardOf(tree: LoadBalancerTree, inputs: readonly ForwardToInput[], at: string): ForwardTo[] {
  const services = inputs.map((input) => completed(ForwardTo, input));
  for (const [i, { backendServiceId }] of services.entries()) {
    checkService(tree, backendServiceId, `${at}/${i}/backendServiceId`);
    if (services.findIndex((other) => other.backendServiceId === backendServiceId) < i) {
      refuseField(
        'validation-failed',
        `${at}/${i}/backendServiceId`,
        'is in the list before; give it more weight there',
      );
    }
  }
  if (services.every(({ weight }) => weight === 0)) {
    refuseField('validation-failed', `${at}/0/weight`, 'is 0, as all others are: requests would have nowhere to go');
  }
  return services;
}

export function mirrorOf(tree: LoadBalancerTree, input: MirrorInput, at: string): Mirror {
  checkService(tree, input.backendServiceId, `${at}/backendServiceId`);
  return completed(Mirror, input);
}

/** A service of the same load balancer that speaks HTTP. */
function checkService(tree: LoadBalancerTree, id: string, at: string): void {
  const service = tree.services.get(id);
  if (service === undefined) {
    refuseField('reference-not-found', at, `there is no backend service ${id} in this load balancer`);
  }
  if (service.protocol !== 'http') {
    refuseField('protocol-mismatch', at, `backend service ${service.name} speaks ${service.protocol}`, 'http');
  }
}

export function redirectOf(input: RedirectInput, at: string): Redirect {
  const redirect = completed(Redirect, input);
  const { protocol, host, port, path, query } = redirect;
  if ([protocol, host, port, path, query].every((part) => part === null)) {
    refuseField('redirect-loop', at, 'changes nothing: give a protocol, host, port, path or query');
  }
  checkHost(host, `${at}/host`);
  return redirect;
}

export function respondOf(input: RespondInput, at: string): Respond {
  const respond = completed(Respond, input);
  // RFC 9110 §15.3.5, §15.3.6, §15.4.5
  if ([204, 205, 304].includes(respond.status) && respond.body !== '') {
    refuseField('validation-failed', `${at}/body`, `an answer of status ${respond.status} has no body`, '');
  }
  // What is never sent makes no two rules of one.
  return respond.body === '' ? { ...respond, contentType: RULE.contentType } : respond;
}

/** `match` is that of the rule: a prefix can only be replaced where there is one. */
export function rewriteOf(input: RewriteInput, match: RuleMatch, at: string): Rewrite {
  const { host, path } = completed(Rewrite, input);
  if (host === null && path === null) refuseField('validation-failed', at, 'changes nothing: give a host or a path');
  checkHost(host, `${at}/host`);
  return { host, path: path && pathRewriteOf(completed(PathRewrite, path), match, `${at}/path`) };
}

function pathRewriteOf(rewrite: PathRewrite, match: RuleMatch, at: string): PathRewrite {
  const { kind, pattern, replacement } = rewrite;
  if (kind !== 'regex' && pattern !== '') {
    refuseField('validation-failed', `${at}/pattern`, `is used by regex alone, not by ${kind}`, '');
  }
  switch (kind) {
    case 'prefix':
      if (match.paths.length === 0 || match.paths.some((path) => path.kind !== 'prefix')) {
        refuseField('validation-failed', `${at}/kind`, 'needs a rule whose paths are all of the kind `prefix`');
      }
      checkStart(replacement, at);
      return rewrite;
    case 'whole':
      checkStart(replacement, at);
      return rewrite;
    case 'regex': {
      const reason = checkPattern(pattern);
      if (reason !== '') refuseField('validation-failed', `${at}/pattern`, reason);
      const { groups } = parsePattern(pattern, false);
      const missing = [...replacement.matchAll(/\$([1-9])/g)].find(([, group]) => Number(group) > groups);
      if (missing) {
        refuseField(
          'validation-failed',
          `${at}/replacement`,
          `has ${missing[0]}, but the pattern has ${groups} groups`,
        );
      }
      return rewrite;
    }
    default:
      return kind satisfies never;
  }
}

function checkStart(replacement: string, at: string): void {
  if (!replacement.startsWith('/')) refuseField('validation-failed', `${at}/replacement`, 'does not begin with `/`');
}

function checkHost(host: string | null, at: string): void {
  const reason = host === null ? '' : checkHostName(host);
  if (reason !== '') refuseField('validation-failed', at, reason);
}
