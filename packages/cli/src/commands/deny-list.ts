import { Argument, type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { hinted } from './hints.ts';
import { integerOrNone } from './values.ts';
import { addExamples, addYes } from './words.ts';

const actions = () => import('../actions/deny-list.ts');

const allowOption = () => new Option('--allow', 'they may connect, whatever denies them here');
const secondsOption = () =>
  new Option('--seconds <seconds>', 'how long; "none": until taken out (default none)').argParser(integerOrNone);
const noteOption = () => new Option('--note <text>', 'why');

export function addDenyList(program: Command, bind: Bind): void {
  const list = program
    .command('deny-list')
    .aliases(['deny', 'denials'])
    .description('The deny list of the installation: who may not connect to any listener of any tenant');

  const show = list.command('show').alias('get').description('Show how long the deny list is');
  addExamples(show, 'evenkeel deny-list show');
  bind(show, async (call) => (await actions()).show(call));

  const entries = list.command('list').alias('ls').description('List the deny list');
  addExamples(entries, 'evenkeel deny-list list --quiet');
  bind(entries, async (call) => (await actions()).list(call));

  const add = list
    .command('add')
    .description('Deny addresses and CIDR blocks all listeners, or always allow them')
    .argument('<source...>', 'addresses and CIDR blocks')
    .addOption(allowOption())
    .addOption(secondsOption())
    .addOption(noteOption());
  addExamples(
    add,
    'evenkeel deny-list add 198.51.100.0/24 --seconds 86400 --note "flood of Tuesday"',
    '# but for one of them',
    'evenkeel deny-list add 198.51.100.7 --allow --note "our monitoring"',
  );
  bind(add, async (call) => (await actions()).add(call));

  const remove = list
    .command('remove')
    .alias('rm')
    .description('Take sources out of the deny list, whether it denies or allows them')
    .argument('<source...>', 'addresses and CIDR blocks, as they were put in');
  addExamples(remove, 'evenkeel deny-list remove 198.51.100.0/24');
  bind(remove, async (call) => (await actions()).remove(call));

  const load = list
    .command('import')
    .description('Deny what a file says: a source on each line, and what else is to be said of it')
    .addArgument(hinted(new Argument('<file>', 'lines of "SOURCE [SECONDS|none] [NOTE]"; "-": standard input'), 'file'))
    .addOption(allowOption())
    .addOption(secondsOption())
    .addOption(noteOption());
  addExamples(load, 'evenkeel deny-list import bad-networks.txt --seconds 604800');
  bind(load, async (call) => (await actions()).load(call));

  const check = list
    .command('check')
    .alias('lookup')
    .description('Tell whether an address is denied, which entry decides, and until when')
    .argument('<address>', 'an address');
  addExamples(check, 'evenkeel deny-list check 198.51.100.7');
  bind(check, async (call) => (await actions()).check(call));

  const clear = list.command('clear').description('Take everything out of the deny list');
  addYes(clear);
  addExamples(clear, 'evenkeel deny-list clear --yes');
  bind(clear, async (call) => (await actions()).clear(call));
}
