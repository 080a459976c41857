import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { commonFields } from './resource-fields.ts';
import { addExamples, addIfMatch, addYes, reference, referenceOption } from './words.ts';

const actions = () => import('../actions/zone.ts');

/** Regions and zones: where nodes and targets are. */
export function addZones(program: Command, bind: Bind): void {
  addRegion(program, bind);
  addZone(program, bind);
}

function addRegion(program: Command, bind: Bind): void {
  const region = program.command('region').alias('regions').description('Regions: places with zones');
  const name = () => reference('<region>', 'name or identifier', 'region');

  const list = region.command('list').alias('ls').description('List regions');
  addExamples(list, 'evenkeel region list');
  bind(list, async (call) => (await actions()).listRegions(call));

  const show = region.command('show').alias('get').description('Show a region').addArgument(name());
  addExamples(show, 'evenkeel region show local');
  bind(show, async (call) => (await actions()).showRegion(call));

  const create = region.command('create').description('Create a region').argument('<name>', 'name, for good');
  addFields(create, commonFields);
  addExamples(create, 'evenkeel region create north --description "the hall at the river"');
  bind(create, async (call) => (await actions()).createRegion(call));

  const update = region.command('update').alias('set').description('Change a region').addArgument(name());
  addFields(update, commonFields);
  addIfMatch(update);
  addExamples(update, 'evenkeel region update north --tag owner=ann');
  bind(update, async (call) => (await actions()).updateRegion(call));

  const remove = region
    .command('delete')
    .alias('rm')
    .description('Delete regions that nothing is in')
    .addArgument(reference('<region...>', 'names or identifiers', 'region'));
  addYes(addIfMatch(remove));
  addExamples(remove, 'evenkeel region delete north');
  bind(remove, async (call) => (await actions()).removeRegions(call));
}

function addZone(program: Command, bind: Bind): void {
  const zone = program
    .command('zone')
    .alias('zones')
    .description('Zones: parts of a region that fail apart from each other');
  const name = () => reference('<zone>', 'name or identifier', 'zone');

  const list = zone
    .command('list')
    .alias('ls')
    .description('List zones')
    .addOption(new Option('--region <name>', 'only those of this region'));
  addExamples(list, 'evenkeel zone list');
  bind(list, async (call) => (await actions()).listZones(call));

  const show = zone.command('show').alias('get').description('Show a zone').addArgument(name());
  addExamples(show, 'evenkeel zone show north-1');
  bind(show, async (call) => (await actions()).showZone(call));

  const create = zone
    .command('create')
    .description('Create a zone')
    .argument('<name>', 'name, for good: that of --zone of its nodes')
    .addOption(referenceOption('--region <name>', 'the region that it is in (default local)', 'region'));
  addFields(create, commonFields);
  addExamples(create, 'evenkeel zone create north-1 --region north');
  bind(create, async (call) => (await actions()).createZone(call));

  const update = zone.command('update').alias('set').description('Change a zone').addArgument(name());
  addFields(update, commonFields);
  addIfMatch(update);
  addExamples(update, 'evenkeel zone update north-1 --description "first hall"');
  bind(update, async (call) => (await actions()).updateZone(call));

  const remove = zone
    .command('delete')
    .alias('rm')
    .description('Delete zones that no node, target or load balancer names')
    .addArgument(reference('<zone...>', 'names or identifiers', 'zone'));
  addYes(addIfMatch(remove));
  addExamples(remove, 'evenkeel zone delete north-1');
  bind(remove, async (call) => (await actions()).removeZones(call));
}
