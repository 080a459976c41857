import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Reach, ROLES, type Role } from '@evenkeel/model/access.ts';
import { contract, type OperationName } from '@evenkeel/model/contract/contract.ts';
import type { Route } from '@evenkeel/model/contract/route.ts';
import type { Problem } from '@evenkeel/model/problem.ts';
import { Running } from './running.ts';

const ROUTES = Object.entries<Route>(contract) as [OperationName, Route][];

/** What takes more, or less, than to be a viewer for reading and an operator for writing. */
const LEAST: Partial<Record<OperationName, Role>> = {
  login: 'viewer',
  logout: 'viewer',
  deleteSession: 'viewer',
  setPassword: 'admin',
  changePassword: 'viewer',
  createAccessKey: 'viewer',
  updateAccessKey: 'viewer',
  deleteAccessKey: 'viewer',
  listAccessPolicies: 'admin',
  getAccessPolicy: 'admin',
  createAccessPolicy: 'admin',
  updateAccessPolicy: 'admin',
  deleteAccessPolicy: 'admin',
  createToken: 'viewer',
  deleteToken: 'viewer',
  listUsers: 'admin',
  createUser: 'admin',
  getUser: 'admin',
  updateUser: 'admin',
  deleteUser: 'admin',
  createSpecification: 'admin',
  updateSpecification: 'admin',
  deleteSpecification: 'admin',
  createTenant: 'admin',
  updateTenant: 'admin',
  updateQuotas: 'admin',
  deleteTenant: 'admin',
  forgetNode: 'admin',
  createRegion: 'admin',
  updateRegion: 'admin',
  deleteRegion: 'admin',
  createZone: 'admin',
  updateZone: 'admin',
  deleteZone: 'admin',
  cordonNode: 'admin',
  uncordonNode: 'admin',
  drainNode: 'admin',
  revokeNode: 'admin',
  listJoinTokens: 'admin',
  createJoinToken: 'admin',
  getJoinToken: 'admin',
  revokeJoinToken: 'admin',
  createBackup: 'admin',
  deleteBackup: 'admin',
  verifyBackup: 'admin',
  restoreBackup: 'admin',
  updateBackupPolicy: 'admin',
  listAudit: 'admin',
  createWebhook: 'admin',
  updateWebhook: 'admin',
  deleteWebhook: 'admin',
  testWebhook: 'admin',
  exportAudit: 'admin',
  exportConfiguration: 'viewer',
  exportSealedConfiguration: 'admin',
};
const OF_ALL: readonly OperationName[] = [
  'createSpecification',
  'updateSpecification',
  'deleteSpecification',
  'createTenant',
  'updateTenant',
  'updateQuotas',
  'deleteTenant',
  'listNodes',
  'getNode',
  'forgetNode',
  'createRegion',
  'updateRegion',
  'deleteRegion',
  'createZone',
  'updateZone',
  'deleteZone',
  'getNodePlacement',
  'cordonNode',
  'uncordonNode',
  'drainNode',
  'revokeNode',
  'listJoinTokens',
  'createJoinToken',
  'getJoinToken',
  'revokeJoinToken',
  'listControlPlanes',
  'listBackups',
  'createBackup',
  'getBackup',
  'deleteBackup',
  'verifyBackup',
  'restoreBackup',
  'getBackupPolicy',
  'updateBackupPolicy',
  'getDenyList',
  'listDenyEntries',
  'denySources',
  'removeFromDenyList',
  'clearDenyList',
  'lookUpDeniedAddress',
];

const leastFor = (name: OperationName, { method }: Route): Role => {
  return LEAST[name] ?? (method === 'GET' ? 'viewer' : 'operator');
};

test('each role may call what it is for, and nothing else', async (t) => {
  const running = await Running.start(t);
  for (const reach of ['own', 'all'] as const) {
    for (const role of ROLES) {
      const name = `${reach}-${role}`;
      const { id: userId } = await running.call('createUser', { body: { name, role, reach } });
      const { token } = await running.call('createToken', { body: { userId } });
      for (const [operation, route] of ROUTES) {
        await t.test(`${name}: ${operation}`, () => checkCall(running, operation, route, role, reach, token));
      }
    }
  }
});

async function checkCall(
  running: Running,
  operation: OperationName,
  route: Route,
  role: Role,
  reach: Reach,
  token: string,
): Promise<void> {
  const may =
    ROLES.indexOf(role) >= ROLES.indexOf(leastFor(operation, route)) &&
    (reach === 'all' || !OF_ALL.includes(operation));
  // A body of the wrong form is refused as such only after the role has been looked at.
  const answer = await running.try(operation, { token, ...(route.method !== 'GET' && { body: [] }) });
  const { code } = answer.body as Partial<Problem>;
  if (may) assert.notEqual(code, 'forbidden');
  else assert.deepEqual([code, answer.status], ['forbidden', 403]);
}
