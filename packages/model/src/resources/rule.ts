import { Id } from '../identifiers.ts';
import { RULE } from '../limits.ts';
import { Input, Nullable, Output, optional, Patch, Ref } from '../schema.ts';
import { type Static, type TSchema, Type } from '../type.ts';
import { Description, Name, OperationId, resource, Written } from './attributes.ts';
import {
  ForwardTo,
  ForwardToDocument,
  ForwardToInput,
  Mirror,
  MirrorDocument,
  MirrorInput,
  Redirect,
  RedirectInput,
  Respond,
  RespondInput,
} from './rule-actions.ts';
import { HeaderEdit, HeaderEditInput, Rewrite, RewriteInput } from './rule-edits.ts';
import { Jwt, JwtInput } from './rule-jwt.ts';
import { RuleMatch, RuleMatchPatch } from './rule-match.ts';

/** One rule of a rule group. It does one thing: `forward`, `redirect` or `respond`; the other two are null. */

const priority = (description: string) =>
  Type.Integer({ minimum: RULE.priority.minimum, maximum: RULE.priority.maximum, description });

const nullable = <T extends TSchema>(schema: T, description: string) => ({ ...Nullable(Ref(schema)), description });
const forwardTo = { minItems: 1, maxItems: RULE.forward };
const edits = { maxItems: RULE.entries, default: [] };

const DOES = {
  forward: 'Where requests go.',
  redirect: 'Where clients are sent instead.',
  respond: 'What is answered at once.',
  jwt: 'The token that requests must carry (RFC 7519), else 401; null: none.',
  rewrite: 'What the target sees other than what was asked for; with `forward` alone.',
  mirror: 'Where copies of requests go; with `forward` alone, to another service.',
  request: 'Changes of the header of requests, in this order; with `forward` alone.',
  response: 'Changes of the header of answers, in this order.',
};

const properties = resource(Id('rule', 'Identifier of the rule.'), {
  ruleGroupId: Id('ruleGroup', 'The rule group that it belongs to.'),
  description: Description,
  priority: priority('Smaller first. Each is used once within the group.'),
  match: Ref(RuleMatch),
  forward: Nullable(Type.Array(Ref(ForwardTo), { ...forwardTo, description: DOES.forward })),
  redirect: nullable(Redirect, DOES.redirect),
  respond: nullable(Respond, DOES.respond),
  jwt: nullable(Jwt, DOES.jwt),
  rewrite: nullable(Rewrite, DOES.rewrite),
  mirror: nullable(Mirror, DOES.mirror),
  requestHeaders: Type.Array(Ref(HeaderEdit), { ...edits, description: DOES.request }),
  responseHeaders: Type.Array(Ref(HeaderEdit), { ...edits, description: DOES.response }),
});

export const Rule = Output('Rule', properties);
export type Rule = Static<typeof Rule>;

export const RuleWritten = Written('RuleWritten', properties);

const settings = {
  description: Description,
  priority: priority(`Default: ${RULE.priority.step} more than that of the last rule, or of the one before in a list.`),
  match: Ref(RuleMatchPatch),
  forward: Nullable(Type.Array(Ref(ForwardToInput), { ...forwardTo, description: DOES.forward })),
  redirect: nullable(RedirectInput, DOES.redirect),
  respond: nullable(RespondInput, DOES.respond),
  jwt: nullable(JwtInput, DOES.jwt),
  rewrite: nullable(RewriteInput, DOES.rewrite),
  mirror: nullable(MirrorInput, DOES.mirror),
  requestHeaders: Type.Array(Ref(HeaderEditInput), { ...edits, description: DOES.request }),
  responseHeaders: Type.Array(Ref(HeaderEditInput), { ...edits, description: DOES.response }),
};

export const RulePatch = Patch('RulePatch', { name: Name, ...settings });
export type RulePatch = Static<typeof RulePatch>;

/** One rule as a client names it. */
export const RuleInput = Input('RuleInput', { name: Name, ...optional(settings) });
export type RuleInput = Static<typeof RuleInput>;

/** A rule in a configuration document: it names backend services. */
export const RuleDocument = Input('RuleDocument', {
  ...RuleInput.properties,
  forward: Type.Optional(Nullable(Type.Array(Ref(ForwardToDocument), { ...forwardTo, description: DOES.forward }))),
  mirror: Type.Optional(nullable(MirrorDocument, DOES.mirror)),
});
export type RuleDocument = Static<typeof RuleDocument>;

export const RulesReplacement = Input(
  'RulesReplacement',
  { rules: Type.Array(Ref(RuleInput), { maxItems: RULE.batch }) },
  'All rules of the group, in order. Rules are known by their names: one that is there keeps its identifier.',
);
export type RulesReplacement = Static<typeof RulesReplacement>;

const count = (description: string) => Type.Integer({ minimum: 0, description });

/** The answer to a replacement. */
export const RulesReplaced = Output('RulesReplaced', {
  ruleGroupId: properties.ruleGroupId,
  created: count('Rules that were not there.'),
  updated: count('Rules that were other than they are.'),
  deleted: count('Rules that are gone.'),
  unchanged: count('Rules that were as they are.'),
  generation: Type.Integer({ description: 'The generation of the configuration that this write made.' }),
  operationId: OperationId,
});
export type RulesReplaced = Static<typeof RulesReplaced>;
