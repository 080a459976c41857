import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { nameField, vpcFields } from './resource-fields.ts';
import { words } from './values.ts';
import { addExamples, addIfMatch, addWait, addYes, reference, withTag } from './words.ts';

const actions = () => import('../actions/vpc.ts');
const REFERENCE = 'name or identifier';
const cidrsOption = (help: string) => new Option('--cidrs <cidrs>', help).argParser(words);

export function addVpc(program: Command, bind: Bind): void {
  const vpc = program
    .command('vpc')
    .alias('vpcs')
    .description('VPCs: networks of your own, divided into subnets that load balancers have their addresses of');

  const list = vpc.command('list').alias('ls').description('List VPCs').addOption(withTag());
  addExamples(list, 'evenkeel vpc list');
  bind(list, async (call) => (await actions()).list(call));

  const show = vpc
    .command('show')
    .alias('get')
    .description('Show a VPC and its subnets')
    .addArgument(reference('<vpc>', REFERENCE, 'vpc'));
  addExamples(show, 'evenkeel vpc show office');
  bind(show, async (call) => (await actions()).show(call));

  const create = vpc
    .command('create')
    .description('Create a VPC')
    .argument('<name>', 'name')
    .addOption(cidrsOption('its networks, IPv4 and IPv6, with commas').makeOptionMandatory());
  addFields(create, vpcFields);
  addWait(create);
  addExamples(create, 'evenkeel vpc create office --cidrs 10.20.0.0/16,fd20::/48');
  bind(create, async (call) => (await actions()).create(call));

  const update = vpc
    .command('update')
    .alias('set')
    .description('Change a VPC')
    .addArgument(reference('<vpc>', REFERENCE, 'vpc'))
    .addOption(cidrsOption('its networks, with commas; replaces all, and every subnet has to be within one'));
  addFields(update, [nameField, ...vpcFields]);
  addWait(addIfMatch(update));
  addExamples(update, 'evenkeel vpc update office --cidrs 10.20.0.0/16,10.21.0.0/16');
  bind(update, async (call) => (await actions()).update(call));

  const remove = vpc
    .command('delete')
    .alias('rm')
    .description('Delete VPCs that have no subnets')
    .addArgument(reference('<vpc...>', 'names or identifiers', 'vpc'));
  addWait(addYes(addIfMatch(remove)));
  addExamples(remove, 'evenkeel vpc delete office');
  bind(remove, async (call) => (await actions()).remove(call));
}
