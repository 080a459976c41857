import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { elasticIpFields, nameField } from './resource-fields.ts';
import { addExamples, addIfMatch, addWait, addYes, ofLoadBalancer, reference, withTag } from './words.ts';

const actions = () => import('../actions/elastic-ip.ts');

export function addElasticIp(program: Command, bind: Bind): void {
  const eip = program
    .command('eip')
    .aliases(['elastic-ip', 'eips'])
    .description('Elastic IPs: addresses that can move from one load balancer to another');
  const name = () => reference('<eip>', 'name, identifier or address', 'elasticIp');

  const list = eip
    .command('list')
    .alias('ls')
    .description('List elastic IPs')
    .addOption(ofLoadBalancer('only that of this load balancer'))
    .addOption(withTag());
  addExamples(list, 'evenkeel eip list');
  bind(list, async (call) => (await actions()).list(call));

  const show = eip.command('show').alias('get').description('Show an elastic IP').addArgument(name());
  addExamples(show, 'evenkeel eip show public');
  bind(show, async (call) => (await actions()).show(call));

  const create = eip
    .command('create')
    .description('Create an elastic IP')
    .argument('[name]', 'name (default: the identifier)')
    .addOption(new Option('--address <address>', 'a free address of the pool (default: one is chosen)'));
  addFields(create, elasticIpFields);
  addWait(create);
  addExamples(create, 'evenkeel eip create public', 'evenkeel eip create public --bandwidth 100');
  bind(create, async (call) => (await actions()).create(call));

  const associate = eip
    .command('associate')
    .description('Associate an elastic IP with a load balancer: its listeners listen on the address too')
    .addArgument(name())
    .addArgument(reference('<lb>', 'name or identifier of the load balancer', 'loadBalancer'));
  addWait(addIfMatch(associate));
  addExamples(associate, 'evenkeel eip associate public web');
  bind(associate, async (call) => (await actions()).associate(call));

  const disassociate = eip
    .command('disassociate')
    .description('Take an elastic IP from its load balancer')
    .addArgument(name())
    .addOption(new Option('--release', 'delete the elastic IP as well, in the same change'));
  addWait(addIfMatch(disassociate));
  addExamples(disassociate, 'evenkeel eip disassociate public', 'evenkeel eip disassociate public --release');
  bind(disassociate, async (call) => (await actions()).disassociate(call));

  const update = eip.command('update').alias('set').description('Change an elastic IP').addArgument(name());
  addFields(update, [nameField, ...elasticIpFields]);
  addWait(addIfMatch(update));
  addExamples(update, 'evenkeel eip update public --name www');
  bind(update, async (call) => (await actions()).update(call));

  const remove = eip
    .command('delete')
    .alias('rm')
    .description('Delete elastic IPs that are not associated')
    .addArgument(reference('<eip...>', 'names, identifiers or addresses', 'elasticIp'));
  addWait(addYes(addIfMatch(remove)));
  addExamples(remove, 'evenkeel eip delete public');
  bind(remove, async (call) => (await actions()).remove(call));
}
