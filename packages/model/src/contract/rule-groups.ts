import { Id } from '../identifiers.ts';
import { Deleted } from '../resources/operation.ts';
import { RuleGroup, RuleGroupCreate, RuleGroupPatch, RuleGroupWritten } from '../resources/rule-group.ts';
import { Ref } from '../schema.ts';
import { Type } from '../type.ts';
import { ListQuery, NameFilter, Page, type Route, TagFilter } from './route.ts';

const tags = ['rule groups'] as const;
const params = Type.Object({ ruleGroupId: Id('ruleGroup', 'Identifier of the rule group.') });
const path = '/v1/rule-groups/{ruleGroupId}';

export const ruleGroupRoutes = {
  listRuleGroups: {
    method: 'GET',
    path: '/v1/rule-groups',
    summary: 'List rule groups',
    tags,
    query: ListQuery({
      name: NameFilter,
      tag: TagFilter,
      loadBalancerId: Type.Optional(Id('loadBalancer', 'Only those of this load balancer.')),
    }),
    status: 200,
    response: Page(RuleGroup),
  },
  createRuleGroup: {
    method: 'POST',
    path: '/v1/rule-groups',
    summary: 'Create a rule group',
    description: 'With its rules, or without. Listeners use it by their `ruleGroupId`.',
    tags,
    body: Ref(RuleGroupCreate),
    status: 201,
    response: Ref(RuleGroupWritten),
    idempotent: true,
  },
  getRuleGroup: {
    method: 'GET',
    path,
    summary: 'Show a rule group',
    tags,
    params,
    status: 200,
    response: Ref(RuleGroup),
  },
  updateRuleGroup: {
    method: 'PATCH',
    path,
    summary: 'Change a rule group',
    tags,
    params,
    body: Ref(RuleGroupPatch),
    status: 200,
    response: Ref(RuleGroupWritten),
    ifMatch: true,
  },
  deleteRuleGroup: {
    method: 'DELETE',
    path,
    summary: 'Delete a rule group',
    description: 'Listeners that use it do without from then on. Its rules go with it.',
    tags,
    params,
    status: 200,
    response: Ref(Deleted),
    ifMatch: true,
  },
} as const satisfies Record<string, Route>;
