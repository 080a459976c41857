import { Argument, type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { hinted } from './hints.ts';
import { integerOrNone } from './values.ts';
import { addExamples, addYes } from './words.ts';

const actions = () => import('../actions/block-list.ts');

const secondsOption = () =>
  new Option('--seconds <seconds>', 'how long; "none": until taken out (default 3600)').argParser(integerOrNone);
const reasonOption = () => new Option('--reason <text>', 'why');

export function addBlockList(program: Command, bind: Bind): void {
  const list = program
    .command('block-list')
    .aliases(['block', 'blocks'])
    .description('The block list: who may not connect to any listener, each until a time');

  const show = list.command('show').alias('get').description('Show how long the block list is');
  addExamples(show, 'evenkeel block-list show');
  bind(show, async (call) => (await actions()).show(call));

  const entries = list.command('list').alias('ls').description('List the block list');
  addExamples(entries, 'evenkeel block-list list --quiet');
  bind(entries, async (call) => (await actions()).list(call));

  const add = list
    .command('add')
    .description('Block addresses and CIDR blocks, for every connection that begins from then on')
    .argument('<source...>', 'addresses and CIDR blocks')
    .addOption(secondsOption())
    .addOption(reasonOption());
  addExamples(
    add,
    'evenkeel block-list add 198.51.100.7 --seconds 86400 --reason "password guessing"',
    'evenkeel block-list add 2001:db8:bad::/48 --seconds none',
  );
  bind(add, async (call) => (await actions()).add(call));

  const remove = list
    .command('remove')
    .alias('rm')
    .description('Take sources out of the block list')
    .argument('<source...>', 'addresses and CIDR blocks, as they were blocked');
  addExamples(remove, 'evenkeel block-list remove 198.51.100.7');
  bind(remove, async (call) => (await actions()).remove(call));

  const load = list
    .command('import')
    .description('Block what a file says: a source on each line, and what else is to be said of it')
    .addArgument(
      hinted(new Argument('<file>', 'lines of "SOURCE [SECONDS|none] [REASON]"; "-": standard input'), 'file'),
    )
    .addOption(secondsOption())
    .addOption(reasonOption());
  addExamples(
    load,
    'evenkeel block-list import bad-networks.txt --seconds 604800',
    '# what some program finds',
    'find-attackers | evenkeel block-list import - --reason attack',
  );
  bind(load, async (call) => (await actions()).load(call));

  const check = list
    .command('check')
    .alias('lookup')
    .description('Tell whether an address is blocked, by which entry and until when')
    .argument('<address>', 'an address');
  addExamples(check, 'evenkeel block-list check 198.51.100.7');
  bind(check, async (call) => (await actions()).check(call));

  const clear = list.command('clear').description('Take everything out of the block list');
  addYes(clear);
  addExamples(clear, 'evenkeel block-list clear --yes');
  bind(clear, async (call) => (await actions()).clear(call));
}
