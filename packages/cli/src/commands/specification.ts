import type { Command } from 'commander';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { specificationFields } from './resource-fields.ts';
import { addExamples, addIfMatch, addWait } from './words.ts';

const actions = () => import('../actions/specification.ts');

export function addSpecification(program: Command, bind: Bind): void {
  const specification = program
    .command('specification')
    .aliases(['spec', 'specifications'])
    .description('Specifications: what load balancers may take on a node, over all of their listeners');

  const list = specification.command('list').alias('ls').description('List specifications');
  addExamples(list, 'evenkeel specification list', 'evenkeel lb update web --specification shared');
  bind(list, async (call) => (await actions()).list(call));

  const create = specification
    .command('create')
    .description('Create a specification, which every tenant may use; for administrators of all tenants')
    .argument('<name>', 'name: lower-case letters, digits and dashes');
  addFields(create, specificationFields);
  addWait(create);
  addExamples(create, 'evenkeel specification create tiny --connections 100 --requests-per-second 50');
  bind(create, async (call) => (await actions()).create(call));

  const update = specification
    .command('update')
    .alias('set')
    .description('Change a specification for all load balancers that have it; no connection is touched')
    .argument('<name>', 'name');
  addFields(update, specificationFields);
  addWait(addIfMatch(update));
  addExamples(update, 'evenkeel specification update tiny --connections none');
  bind(update, async (call) => (await actions()).update(call));

  const remove = specification
    .command('delete')
    .alias('rm')
    .description('Delete a specification that no load balancer has')
    .argument('<name>', 'name');
  addWait(addIfMatch(remove));
  addExamples(remove, 'evenkeel specification delete tiny');
  bind(remove, async (call) => (await actions()).remove(call));
}
