import type { ForwardingPatch } from '@evenkeel/model/resources/forwarding.ts';
import type { RuleDocument } from '@evenkeel/model/resources/rule.ts';
import type { RuleMatchPatch } from '@evenkeel/model/resources/rule-match.ts';
import { checked, pathMatch } from '../condition.ts';
import { type Findings, NotCarried, type Origin } from '../findings.ts';
import { accessOf } from './access.ts';
import { answerOf, placeOf } from './answers.ts';
import type { Context } from './context.ts';
import { requestChanges, responseChanges } from './headers.ts';
import type { Services } from './services.ts';
import { attempt } from './upstream.ts';
import type { Directive } from './words.ts';

/** How a location is chosen: the whole path, a prefix, a prefix that regular expressions do not overrule, or one of these. */
export type LocationKind = 'exact' | 'prefix' | 'final-prefix' | 'regex';

export interface Location {
  readonly kind: LocationKind;
  /** The path, or the pattern. */
  readonly path: string;
  readonly ignoreCase: boolean;
  readonly context: Context;
  readonly origin: Origin;
}

/** A rule without its name, and without the hosts that it is for. */
export type LocationRule = Omit<RuleDocument, 'name'> & { readonly does: string };

/** What a location takes to become rules. */
export interface Surroundings {
  readonly services: Services;
  /** What each location wants its targets to be told of the client: gathered here, as a listener tells all the same. */
  readonly told: { readonly origin: Origin; readonly forwarding: ForwardingPatch }[];
  readonly findings: Findings;
}

/** The locations of a server, those within others included; named ones are only reached from within. */
export function locationsOf(server: Context, findings: Findings): Location[] {
  return server.own('location').flatMap((directive) => {
    const [first = '', second] = directive.args;
    const context = server.within(directive);
    const own = attempt<Location>(directive, findings, () => {
      if (first.startsWith('@')) throw new NotCarried('is reached from within alone');
      return [{ ...chosenBy(first, second), context, origin: directive }];
    });
    return [...own, ...locationsOf(context, findings)];
  });
}

/**
 * The rules of a location, in order. One that cannot be carried over is answered with 503, and told: another location would
 * answer its requests otherwise, perhaps without asking who may enter.
 */
export function rulesOfLocation(location: Location, around: Surroundings): LocationRule[] {
  const { findings } = around;
  return attempt(location.origin as Directive, findings, () => {
    const match = matchOf(location);
    try {
      return carriedOver(location, match, around);
    } catch (error) {
      if (!(error instanceof NotCarried)) throw error;
      findings.add('to-do', location.origin, `is answered with 503 until it is done by hand: it ${error.message}`);
      return [{ match, respond: { status: 503 }, does: 'missing' }];
    }
  });
}

function carriedOver(location: Location, match: RuleMatchPatch, around: Surroundings): LocationRule[] {
  const { context } = location;
  const answer = answeredAtOnce(context, around.findings);
  if (answer !== null) return [{ match, ...answer, ...responseChanges(context, around.findings), does: 'answer' }];
  const forward = forwarded(location, match, around);
  return accessOf(context).map(({ allowed, match: sources }) => {
    const both = { ...match, ...sources };
    return allowed ? { ...forward, match: both } : { match: both, respond: { status: 403 }, does: 'deny' };
  });
}

function forwarded(location: Location, match: RuleMatchPatch, around: Surroundings): LocationRule {
  const { context, origin } = location;
  const { services, findings } = around;
  for (const name of ['auth_basic', 'auth_request', 'auth_jwt']) {
    const said = context.setting(name);
    if (said !== null && said.args[0] !== 'off') {
      findings.add('to-do', said, 'who may enter is not asked here: see `jwt` of rules');
    }
  }
  const pass = context.own('proxy_pass').at(-1);
  if (pass === undefined) {
    const own = [
      'root',
      'alias',
      'try_files',
      'fastcgi_pass',
      'uwsgi_pass',
      'scgi_pass',
      'grpc_pass',
      'index',
      'autoindex',
    ];
    const said = own.flatMap((name) => context.inherited(name))[0] ?? origin;
    findings.add('differs', said, 'is answered with 404: requests go to targets, and no files are served');
    return { match, respond: { status: 404 }, does: 'missing' };
  }
  const to = services.for(pass, pass.args[0] ?? '', context);
  const forwarding: ForwardingPatch = {};
  const changes = requestChanges(context, to, forwarding, findings);
  around.told.push({ origin: pass, forwarding });
  const path = rewritten(location, to.path, findings);
  const rewrite = { ...changes.rewrite, ...path };
  return {
    match,
    ...changes,
    ...(Object.keys(rewrite).length === 0 ? {} : { rewrite }),
    ...responseChanges(context, findings),
    forward: [{ backendService: to.service }],
    does: to.service,
  };
}

/** What the path becomes: by the path of `proxy_pass`, which takes the place of the location's, or by `rewrite`. */
function rewritten(
  location: Location,
  path: string | null,
  findings: Findings,
): Pick<NonNullable<RuleDocument['rewrite']>, 'path'> {
  const { context, kind, origin } = location;
  const [rewrite, ...more] = context
    .own('rewrite')
    .filter(({ args }) => args[2] === 'break' || args[2] === 'last' || args.length === 2);
  for (const said of more) findings.add('left-out', said, 'one rewrite is carried over for each location');
  if (rewrite !== undefined) {
    const [pattern = '', replacement = ''] = rewrite.args;
    if (/[?]|\$[^1-9]/.test(replacement)) throw new NotCarried('rewrites with variables or a query');
    if (rewrite.args[2] !== 'break')
      findings.add('differs', rewrite, 'the result is not looked up in the locations again');
    return { path: { kind: 'regex', pattern: checked(pattern), replacement } };
  }
  if (path === null) return {};
  if (kind === 'exact') return { path: { kind: 'whole', replacement: path } };
  if (kind === 'regex') throw new NotCarried('has a path in its proxy_pass, which nginx itself refuses here');
  if (path === location.path) return {};
  if (location.ignoreCase) findings.add('differs', origin, 'the prefix is compared as it is written');
  return { path: { kind: 'prefix', replacement: path } };
}

/** `return`, or a `rewrite` that redirects. */
function answeredAtOnce(context: Context, findings: Findings): Pick<RuleDocument, 'redirect' | 'respond'> | null {
  const [said] = context.own('return');
  if (said !== undefined) return answerOf(said);
  for (const rewrite of context.own('rewrite')) {
    const [pattern = '', replacement = '', flag] = rewrite.args;
    const away = flag === 'redirect' || flag === 'permanent' || /^(https?:|\$scheme)/.test(replacement);
    if (!away) continue;
    if (!/^\^?(\/?\(\.\*\)\$?|\.\*)?\$?$/.test(pattern)) {
      findings.add('left-out', rewrite, 'redirects by a pattern: write a rule with the path as its condition');
      continue;
    }
    const place = placeOf(replacement.replace(/\/?\$1\??$/, '$request_uri'));
    return { redirect: { status: flag === 'permanent' ? 301 : 302, ...place } };
  }
  return null;
}

function matchOf({ kind, path, ignoreCase }: Location): RuleMatchPatch {
  if (kind === 'exact') return pathMatch('exact', path, ignoreCase);
  if (kind === 'regex') return pathMatch('regex', path, ignoreCase);
  return path === '/' ? {} : pathMatch('prefix', path, ignoreCase);
}

function chosenBy(first: string, second: string | undefined): Pick<Location, 'kind' | 'path' | 'ignoreCase'> {
  if (second === undefined) return { kind: 'prefix', path: first, ignoreCase: false };
  switch (first) {
    case '=':
      return { kind: 'exact', path: second, ignoreCase: false };
    case '^~':
      return { kind: 'final-prefix', path: second, ignoreCase: false };
    case '~':
      return { kind: 'regex', path: checked(second), ignoreCase: false };
    case '~*':
      return { kind: 'regex', path: checked(second), ignoreCase: true };
    default:
      throw new NotCarried(`is chosen by ${first}`);
  }
}
