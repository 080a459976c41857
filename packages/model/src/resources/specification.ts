import { SPECIFICATION } from '../limits.ts';
import { Input, Nullable, Output, optional, Patch } from '../schema.ts';
import { UNLIMITED } from '../specifications.ts';
import { type Static, Type } from '../type.ts';
import { Description, Tags, Written } from './attributes.ts';
import { BuiltIn, historyOrNone } from './built-in.ts';

/** Specifications are known by their names, in every tenant. */
export const SpecificationName = (description: string) =>
  Type.String({ pattern: '^[a-z][a-z0-9-]*$', minLength: 1, maxLength: SPECIFICATION.nameLength, description });

const most = ({ minimum, maximum }: { readonly minimum: number; readonly maximum: number }, description: string) =>
  Nullable(Type.Integer({ minimum, maximum, description: `${description} null: as many as there are.` }));

const limits = {
  connections: most(SPECIFICATION.connections, 'Connections, and sessions of UDP, at a time.'),
  connectionsPerSecond: most(SPECIFICATION.connectionsPerSecond, 'New connections, and new sessions of UDP, a second.'),
  requestsPerSecond: most(SPECIFICATION.requestsPerSecond, 'Requests of HTTP a second.'),
};

const settings = { description: Description, tags: Tags };

const properties = {
  id: SpecificationName('Its name, which is its identifier too.'),
  name: SpecificationName('The same. Fixed after creation.'),
  builtIn: BuiltIn,
  ...limits,
  ...settings,
  ...historyOrNone,
};

export const Specification = Output(
  'Specification',
  properties,
  'What a load balancer may take on each of its nodes, over all of its listeners.',
);
export type Specification = Static<typeof Specification>;

export const SpecificationWritten = Written('SpecificationWritten', properties);

export const SpecificationCreate = Input('SpecificationCreate', {
  name: SpecificationName('A name that no other specification has.'),
  ...limits,
  ...optional(settings),
});
export type SpecificationCreate = Static<typeof SpecificationCreate>;

export const SpecificationPatch = Patch('SpecificationPatch', { ...limits, ...settings });
export type SpecificationPatch = Static<typeof SpecificationPatch>;

/** As load balancers name theirs. */
export const SpecificationOfLoadBalancer = Type.String({
  ...SpecificationName(
    'What it may take on each node, over all of its listeners, by the name of a specification. A change touches no ' +
      'connection.',
  ),
  default: UNLIMITED.id,
});
