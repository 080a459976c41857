import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { nameField, subnetFields } from './resource-fields.ts';
import { atLeastOne } from './values.ts';
import { addExamples, addIfMatch, addWait, addYes, reference, referenceOption, withTag } from './words.ts';

const actions = () => import('../actions/subnet.ts');
const REFERENCE = 'name or identifier';

export function addSubnet(program: Command, bind: Bind): void {
  const subnet = program
    .command('subnet')
    .alias('subnets')
    .description('Subnets: parts of VPCs that load balancers have their addresses of');

  const list = subnet
    .command('list')
    .alias('ls')
    .description('List subnets, and how many of their addresses are given')
    .addOption(withTag())
    .addOption(referenceOption('--vpc <vpc>', 'only those of this VPC', 'vpc'));
  addExamples(list, 'evenkeel subnet list --vpc office');
  bind(list, async (call) => (await actions()).list(call));

  const show = subnet
    .command('show')
    .alias('get')
    .description('Show a subnet, and how many of its addresses are given')
    .addArgument(reference('<subnet>', REFERENCE, 'subnet'));
  addExamples(show, 'evenkeel subnet show office-a');
  bind(show, async (call) => (await actions()).show(call));

  const create = subnet
    .command('create')
    .description('Create a subnet in a VPC')
    .argument('<name>', 'name')
    .addOption(referenceOption('--vpc <vpc>', 'the VPC that it is in', 'vpc').makeOptionMandatory())
    .addOption(new Option('--cidr <cidr>', 'its network, within one of the VPC').makeOptionMandatory());
  addFields(create, subnetFields);
  addWait(create);
  addExamples(
    create,
    'evenkeel subnet create office-a --vpc office --cidr 10.20.1.0/24',
    '# the first ten hosts are somebody else',
    'evenkeel subnet create office-b --vpc office --cidr 10.20.2.0/24 --reserved 10.20.2.0/29,10.20.2.8/31',
    'evenkeel lb create web --subnet office-a',
  );
  bind(create, async (call) => (await actions()).create(call));

  const addresses = subnet
    .command('addresses')
    .description('List addresses of a subnet that are given, and to what; or those that are free')
    .addArgument(reference('<subnet>', REFERENCE, 'subnet'))
    .addOption(new Option('--free', 'those that a load balancer could have'))
    .addOption(new Option('--limit <number>', 'at most so many (default 100)').argParser(atLeastOne));
  addExamples(addresses, 'evenkeel subnet addresses office-a', 'evenkeel subnet addresses office-a --free --limit 5');
  bind(addresses, async (call) => (await actions()).addresses(call));

  const update = subnet
    .command('update')
    .alias('set')
    .description('Change a subnet')
    .addArgument(reference('<subnet>', REFERENCE, 'subnet'));
  addFields(update, [nameField, ...subnetFields]);
  addWait(addIfMatch(update));
  addExamples(update, 'evenkeel subnet update office-a --reserved 10.20.1.240/28');
  bind(update, async (call) => (await actions()).update(call));

  const remove = subnet
    .command('delete')
    .alias('rm')
    .description('Delete subnets that no load balancer is in')
    .addArgument(reference('<subnet...>', 'names or identifiers', 'subnet'));
  addWait(addYes(addIfMatch(remove)));
  addExamples(remove, 'evenkeel subnet delete office-a');
  bind(remove, async (call) => (await actions()).remove(call));
}
