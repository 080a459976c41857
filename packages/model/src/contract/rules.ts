import { Id } from '../identifiers.ts';
import { Deleted } from '../resources/operation.ts';
import { Rule, RuleInput, RulePatch, RulesReplaced, RulesReplacement, RuleWritten } from '../resources/rule.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route } from './route.ts';

const tags = ['rules'] as const;
const ruleGroupId = Id('ruleGroup', 'Identifier of the rule group.');
const group = Type.Object({ ruleGroupId });
const params = Type.Object({ ruleGroupId, ruleId: Id('rule', 'Identifier of the rule.') });
const collection = '/v1/rule-groups/{ruleGroupId}/rules';
const path = `${collection}/{ruleId}` as const;

export const ruleRoutes = {
  listRules: {
    method: 'GET',
    path: collection,
    summary: 'List rules',
    description: 'In order of priority.',
    tags,
    params: group,
    query: ListQuery({ name: NameFilter }),
    status: 200,
    response: Page(Rule),
  },
  createRule: {
    method: 'POST',
    path: collection,
    summary: 'Create a rule',
    description: 'It does one thing: `forward`, `redirect` or `respond`. A rule that can never match is refused.',
    tags,
    params: group,
    body: Ref(RuleInput),
    status: 201,
    response: Ref(RuleWritten),
    idempotent: true,
  },
  replaceRules: {
    method: 'POST',
    path: '/v1/rule-groups/{ruleGroupId}/replace-rules',
    summary: 'Replace all rules',
    description:
      'The whole list at once: requests meet the rules of before or those of after, never a mixture. All is done, or ' +
      'nothing. Fields that are left out have their defaults.',
    tags,
    params: group,
    body: Ref(RulesReplacement),
    status: 200,
    response: Ref(RulesReplaced),
    idempotent: true,
  },
  getRule: {
    method: 'GET',
    path,
    summary: 'Show a rule',
    tags,
    params,
    status: 200,
    response: Ref(Rule),
  },
  updateRule: {
    method: 'PATCH',
    path,
    summary: 'Change a rule',
    description:
      'Kinds of `match` that are left out stay as they are; other objects are replaced whole. One of `forward`, ' +
      '`redirect` and `respond` takes the place of the one that was there.',
    tags,
    params,
    body: Ref(RulePatch),
    status: 200,
    response: Ref(RuleWritten),
    ifMatch: true,
  },
  deleteRule: {
    method: 'DELETE',
    path,
    summary: 'Delete a rule',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
  },
} as const satisfies Record<string, Route>;
