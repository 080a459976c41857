import { ACCESS_POLICY } from '../access-limits.ts';
import { Id } from '../identifiers.ts';
import { Input, Output, optional, Part, Patch, Ref, Words } from '../schema.ts';
import { type Static, Type } from '../type.ts';
import { Description, Name, resource, Tags, TenantId, Written } from './attributes.ts';
import { ResourceRef } from './operation.ts';

const { patterns, patternLength } = ACCESS_POLICY;

const resourcePatterns = (description: string, standard: readonly string[]) =>
  Type.Array(Type.String({ pattern: '^(\\*|[a-z]{1,4}-(\\*|[0-9a-hjkmnp-tv-z]{18}))$', maxLength: patternLength }), {
    maxItems: patterns,
    default: standard as string[],
    description,
  });

export const [AccessStatement, AccessStatementInput] = Part(
  'AccessStatement',
  {
    effect: Words(
      ['allow', 'deny'],
      '`deny`: is refused, whatever else says. `allow`: takes no role more than viewer, up to what an operator may do.',
    ),
    actions: Type.Array(
      Type.String({ pattern: '^[A-Za-z]*(\\*[A-Za-z]*){0,4}$', minLength: 1, maxLength: patternLength }),
      {
        minItems: 1,
        maxItems: patterns,
        description: 'Calls by their operationId, with `*` for any letters, such as `delete*` or `*Target*`.',
      },
    ),
  },
  {
    resources: resourcePatterns(
      'Identifiers of what it is about, a kind such as `lb-*`, or `*`. A load balancer stands for all that is in it.',
      ['*'],
    ),
    exceptResources: resourcePatterns('What it is not about, in the same form.', []),
    tags: Tags,
  },
);
export type AccessStatement = Static<typeof AccessStatement>;
export type AccessStatementInput = Static<typeof AccessStatementInput>;

const settings = { description: Description, tags: Tags };
const bounds = { minItems: 1, maxItems: ACCESS_POLICY.statements };
const said = 'The order does not matter. A change replaces all of them.';

const properties = resource(Id('accessPolicy', 'Identifier of the access policy.'), {
  tenantId: TenantId,
  statements: Type.Array(Ref(AccessStatement), { ...bounds, description: said }),
  ...settings,
  usedBy: Type.Array(Ref(ResourceRef), { description: 'The users that have it.' }),
});

export const AccessPolicy = Output(
  'AccessPolicy',
  properties,
  'What users may do beyond their role, or may not although their role would be enough.',
);
export type AccessPolicy = Static<typeof AccessPolicy>;

export const AccessPolicyWritten = Written('AccessPolicyWritten', properties);

const statements = Type.Array(Ref(AccessStatementInput), { ...bounds, description: said });

export const AccessPolicyCreate = Input('AccessPolicyCreate', { name: Name, statements, ...optional(settings) });
export type AccessPolicyCreate = Static<typeof AccessPolicyCreate>;

export const AccessPolicyPatch = Patch('AccessPolicyPatch', { name: Name, statements, ...settings });
export type AccessPolicyPatch = Static<typeof AccessPolicyPatch>;

export const AccessDecision = Output(
  'AccessDecision',
  {
    userId: Type.String({ description: 'Who was asked about.' }),
    action: Type.String({ description: 'The call, by its operationId.' }),
    resourceId: Type.String({ description: 'What it would be about; empty: nothing in particular.' }),
    allowed: Type.Boolean({ description: 'Whether it would be carried out.' }),
    reason: Type.String({ description: 'What decides, in words.' }),
    decidedBy: Words(['role', 'reach', 'policy'], 'What decides.'),
    policyId: Type.String({ description: 'The policy that decides; empty: none does.' }),
  },
  'Whether somebody may do something, and why.',
);
export type AccessDecision = Static<typeof AccessDecision>;
