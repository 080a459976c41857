import { Argument, type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { hinted } from './hints.ts';
import { several } from './values.ts';
import { addExamples, addWait, addYes } from './words.ts';

const actions = () => import('../actions/change-set.ts');

/** Several changes that are planned first, and made together or not at all. */
export function addChangeSet(program: Command, bind: Bind): void {
  const plan = program
    .command('plan')
    .description('Plan what files say: what would change, which listeners it touches, how many connections they have')
    .addOption(
      hinted(
        new Option('-f, --file <file>', 'a YAML or JSON file as apply takes it, several times; "-": standard input')
          .argParser(several(String))
          .makeOptionMandatory(),
        'file',
      ),
    )
    .option('--description <text>', 'what it is for');
  addExamples(plan, 'evenkeel plan -f web.yaml', 'evenkeel plan -f web.yaml --quiet');
  bind(plan, async (call) => (await actions()).planFiles(call));

  const changeSet = program
    .command('change-set')
    .alias('change-sets')
    .description('Change sets: several changes, planned as one, and made together or not at all');
  const id = () => new Argument('<change-set>', 'its identifier');

  const list = changeSet.command('list').alias('ls').description('List change sets');
  addExamples(list, 'evenkeel change-set list');
  bind(list, async (call) => (await actions()).list(call));

  const show = changeSet.command('show').alias('get').description('Show a change set with its plan').addArgument(id());
  addExamples(show, 'evenkeel change-set show cs-01…');
  bind(show, async (call) => (await actions()).show(call));

  const create = changeSet
    .command('create')
    .description('Plan the changes that a file lists, call by call')
    .addOption(
      hinted(new Option('-f, --file <file>', 'a YAML or JSON file; "-": standard input').makeOptionMandatory(), 'file'),
    );
  addExamples(create, 'evenkeel change-set create -f changes.yaml');
  bind(create, async (call) => (await actions()).create(call));

  const replan = changeSet
    .command('plan')
    .description('Plan it anew, on the configuration as it is now')
    .addArgument(id());
  addExamples(replan, 'evenkeel change-set plan cs-01…');
  bind(replan, async (call) => (await actions()).replan(call));

  const apply = changeSet
    .command('apply')
    .description('Do what the plan says, all of it or nothing: shows it, and asks on a terminal')
    .addArgument(id());
  addWait(addYes(apply));
  addExamples(apply, 'evenkeel change-set apply cs-01…');
  bind(apply, async (call) => (await actions()).apply(call));

  const remove = changeSet
    .command('delete')
    .alias('rm')
    .description('Forget a change set; what it has changed stays')
    .addArgument(id());
  addExamples(remove, 'evenkeel change-set delete cs-01…');
  bind(remove, async (call) => (await actions()).remove(call));
}
