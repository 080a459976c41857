import { contract } from '@evenkeel/model/contract/contract.ts';
import type { Route } from '@evenkeel/model/contract/route.ts';
import type { ConfigurationImport } from '@evenkeel/model/resources/exchange.ts';
import { checkAsked } from '../access/authorization.ts';
import { subjectOfRecord } from '../access/subjects.ts';
import { resultOf } from '../configuration/result.ts';
import { exported, type Selection, selectionOf } from '../exchange/export.ts';
import { importDocuments } from '../exchange/import.ts';
import { PassphraseSeal } from '../exchange/seal.ts';
import { type DocumentSecrets, NO_SECRETS, parseSecrets, secretsOf } from '../exchange/secrets.ts';
import { refuseField } from '../problem.ts';
import type { Draft } from '../state/draft.ts';
import type { Store } from '../store/store.ts';
import type { Call } from './call.ts';
import type { AnyCall, Handler } from './routes.ts';

export type ExchangeName = 'exportConfiguration' | 'exportSealedConfiguration' | 'importConfiguration';

/** The calls that carry configuration out of one installation and into another. */
export function createExchangeHandlers(store: Store): Readonly<Record<ExchangeName, (call: AnyCall) => Handler>> {
  const seal = new PassphraseSeal();

  const open = async ({ sealed, passphrase }: ConfigurationImport): Promise<DocumentSecrets> => {
    if (sealed === undefined || passphrase === undefined) return NO_SECRETS;
    return parseSecrets(await seal.open(sealed, passphrase));
  };
  const exportPlain = (call: Call<'exportConfiguration'>) => {
    const selection = allowedSelection(store, 'exportConfiguration', call);
    return exported(call.state, selection, call.body.allFields ?? false);
  };
  const exportSealed = async (call: Call<'exportSealedConfiguration'>) => {
    const { state, body } = call;
    const selection = allowedSelection(store, 'exportSealedConfiguration', call);
    const sealed = await seal.seal(JSON.stringify(secretsOf(selection)), body.passphrase);
    return { ...(await exported(state, selection, body.allFields ?? false)), sealed };
  };
  const imported = (draft: Draft, body: ConfigurationImport, secrets: DocumentSecrets) => {
    let conflicts: ReturnType<typeof importDocuments> = [];
    const result = resultOf(draft, body.dryRun ?? false, (mention) => {
      conflicts = importDocuments(draft, body, secrets, mention);
    });
    return { ...result, conflicts };
  };
  const importConfiguration = ({ body, caller }: Call<'importConfiguration'>): Handler => {
    if (body.passphrase !== undefined && body.sealed === undefined) {
      refuseField('validation-failed', '/passphrase', 'opens nothing: there is nothing sealed in the document');
    }
    if (body.dryRun) {
      const read = async () => {
        const secrets = await open(body);
        return { ...store.preview(caller.actingIn, (draft) => imported(draft, body, secrets)), operationId: null };
      };
      return { kind: 'read', read };
    }
    return {
      kind: 'write',
      prepare: () => open(body),
      write: (draft, _, secrets) => imported(draft, body, secrets as DocumentSecrets),
    };
  };
  return {
    exportConfiguration: () => ({ kind: 'read', read: exportPlain as unknown as (call: AnyCall) => unknown }),
    exportSealedConfiguration: () => ({ kind: 'read', read: exportSealed as unknown as (call: AnyCall) => unknown }),
    importConfiguration: importConfiguration as unknown as (call: AnyCall) => Handler,
  };
}

/** What was selected; refuses what a policy does not let the caller have of it. */
function allowedSelection(
  store: Store,
  operation: 'exportConfiguration' | 'exportSealedConfiguration',
  { state, body, caller }: Pick<Call<'exportConfiguration'>, 'state' | 'body' | 'caller'>,
): Selection {
  const route: Route = contract[operation];
  const { trees, shared } = selectionOf(state, body);
  const subjects = [
    ...trees.map(({ loadBalancer }) => subjectOfRecord(state, 'loadBalancer', loadBalancer)),
    ...shared.certificates.map((record) => subjectOfRecord(state, 'certificate', record)),
    ...shared.authorities.map((record) => subjectOfRecord(state, 'authority', record)),
    ...shared.securityPolicies.map((record) => subjectOfRecord(state, 'securityPolicy', record)),
    ...shared.securityGroups.map((record) => subjectOfRecord(state, 'securityGroup', record)),
    ...shared.vpcs.map((record) => subjectOfRecord(state, 'vpc', record)),
    ...shared.elasticIps.map((record) => subjectOfRecord(state, 'elasticIp', record)),
  ];
  checkAsked(caller, { actions: [operation], route, subjects, complete: true }, store.state);
  return { trees, shared };
}
