import { ConfigurationDocument, ConfigurationResult } from '../resources/document.ts';
import { Ref } from '../schema.ts';
import type { Route } from './route.ts';

export const configurationRoutes = {
  applyConfiguration: {
    method: 'POST',
    path: '/v1/apply',
    summary: 'Make the configuration match a document',
    description:
      'Objects are identified by their names: load balancers everywhere, the others within their load balancer, targets ' +
      'by address and port within their group. What the document says is made so; what it does not say is left alone: ' +
      'an object that is not named, a field that is left out. Three things are complete when they are there: the list of ' +
      '`targets` of a group, the list of `rules` of a rule group, and, with `prune`, the listeners, rule groups, ' +
      'backend services and target groups of a load balancer. ' +
      'All is applied, or nothing; applying the same document again changes nothing. With `dryRun` the answer is the ' +
      'difference alone.',
    tags: ['configuration'],
    body: Ref(ConfigurationDocument),
    status: 200,
    response: Ref(ConfigurationResult),
    idempotent: true,
  },
} as const satisfies Record<string, Route>;
