import type { Command } from 'commander';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { nameField, securityPolicyFields } from './resource-fields.ts';
import { addExamples, addIfMatch, addWait, addYes, reference, withTag } from './words.ts';

const actions = () => import('../actions/security-policy.ts');
const REFERENCE = 'name or identifier';

export function addSecurityPolicy(program: Command, bind: Bind): void {
  const policy = program
    .command('policy')
    .aliases(['security-policy', 'policies'])
    .description('Security policies: versions of TLS and ciphers that listeners speak');

  const list = policy
    .command('list')
    .alias('ls')
    .description('List security policies, the built-in ones first')
    .addOption(withTag());
  addExamples(list, 'evenkeel policy list');
  bind(list, async (call) => (await actions()).list(call));

  const show = policy
    .command('show')
    .alias('get')
    .description('Show a security policy, and the listeners that use it')
    .addArgument(reference('<policy>', REFERENCE, 'securityPolicy'));
  addExamples(show, 'evenkeel policy show tls-1-2-2025');
  bind(show, async (call) => (await actions()).show(call));

  const create = policy.command('create').description('Create a security policy').argument('<name>', 'name');
  addFields(create, securityPolicyFields);
  addWait(create);
  addExamples(
    create,
    'evenkeel policy create own --versions 1.2,1.3 --ciphers TLS_AES_128_GCM_SHA256,ECDHE-RSA-AES128-GCM-SHA256',
  );
  bind(create, async (call) => (await actions()).create(call));

  const update = policy
    .command('update')
    .alias('set')
    .description('Change a security policy, for all listeners that use it')
    .addArgument(reference('<policy>', REFERENCE, 'securityPolicy'));
  addFields(update, [nameField, ...securityPolicyFields]);
  addWait(addIfMatch(update));
  addExamples(update, 'evenkeel policy update own --versions 1.3 --ciphers TLS_AES_128_GCM_SHA256');
  bind(update, async (call) => (await actions()).update(call));

  const remove = policy
    .command('delete')
    .alias('rm')
    .description('Delete security policies that no listener uses')
    .addArgument(reference('<policy...>', 'names or identifiers', 'securityPolicy'));
  addWait(addYes(addIfMatch(remove)));
  addExamples(remove, 'evenkeel policy delete own');
  bind(remove, async (call) => (await actions()).remove(call));

  const ciphers = policy.command('ciphers').description('List the ciphers that a policy may name, the best first');
  addExamples(ciphers, 'evenkeel policy ciphers');
  bind(ciphers, async (call) => (await actions()).ciphers(call));
}
