import { ConfigurationDocument, ConfigurationResult } from '../resources/document.ts';
import {
  ConfigurationExport,
  ConfigurationImport,
  ConfigurationImported,
  ExportedConfiguration,
  SealedExport,
} from '../resources/exchange.ts';
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
  exportConfiguration: {
    method: 'POST',
    path: '/v1/export',
    summary: 'Show the configuration as a document',
    description:
      'All of one moment: the load balancers that are chosen, with everything that they draw on. Private keys and other ' +
      'secrets are not in it. What has its default is left out, unless `allFields` is set; applied where it is from, the ' +
      'document changes nothing in either case.',
    tags: ['configuration'],
    role: 'viewer',
    body: Ref(ConfigurationExport),
    status: 200,
    response: Ref(ExportedConfiguration),
  },
  exportSealedConfiguration: {
    method: 'POST',
    path: '/v1/export-sealed',
    summary: 'Show the configuration as a document, with its secrets sealed',
    description:
      'The same with the private keys of the certificates, and with the secrets that tokens are checked with: `sealed`, ' +
      'which the passphrase opens again at an import. It is in the audit log who asked.',
    tags: ['configuration'],
    role: 'admin',
    body: Ref(SealedExport),
    status: 200,
    response: Ref(ExportedConfiguration),
  },
  importConfiguration: {
    method: 'POST',
    path: '/v1/import',
    summary: 'Take in a document of another installation',
    description:
      'A field that the document leaves out has its default. An object that is there under the same name, and the same, ' +
      'is left as it is and may be referred to; one that differs is a conflict. All is imported, or nothing.',
    tags: ['configuration'],
    body: Ref(ConfigurationImport),
    status: 200,
    response: Ref(ConfigurationImported),
    idempotent: true,
  },
} as const satisfies Record<string, Route>;
