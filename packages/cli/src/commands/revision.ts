import { Argument, type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { atLeastOne } from './values.ts';
import { addExamples, addWait, addYes } from './words.ts';

const actions = () => import('../actions/revision.ts');

/** The past of the configuration, and the way back to it. */
export function addRevision(program: Command, bind: Bind): void {
  const revision = program
    .command('revision')
    .alias('revisions')
    .description('Revisions of the configuration: who changed what, and the way back');
  const id = () => new Argument('<revision>', 'its number, or "latest"');

  const list = revision
    .command('list')
    .alias('ls')
    .description('List revisions, the newest first')
    .addOption(new Option('--limit <count>', 'how many at most').argParser(atLeastOne).default(20));
  addExamples(list, 'evenkeel revision list', 'evenkeel revision list --limit 500');
  bind(list, async (call) => (await actions()).list(call));

  const show = revision.command('show').alias('get').description('Show what a revision has changed').addArgument(id());
  addExamples(show, 'evenkeel revision show latest');
  bind(show, async (call) => (await actions()).show(call));

  const diff = revision
    .command('diff')
    .description('Compare the configuration after a revision with another one: exit code 7 when they differ')
    .addArgument(id())
    .addArgument(new Argument('[other]', 'the other revision (default: what is there now)'));
  addExamples(diff, 'evenkeel revision diff 41', 'evenkeel revision diff 41 44');
  bind(diff, async (call) => (await actions()).diff(call));

  const rollback = revision
    .command('rollback')
    .description('Make the configuration what it was after a revision: shows what that touches, and asks on a terminal')
    .addArgument(id())
    .option('--before', 'what it was before the revision, not after it')
    .option('--dry-run', 'only show it: exit code 0 when nothing would change, 7 when something would');
  addWait(addYes(rollback));
  addExamples(
    rollback,
    '# take the last change back',
    'evenkeel revision rollback latest --before',
    'evenkeel revision rollback 41 --dry-run',
  );
  bind(rollback, async (call) => (await actions()).rollback(call));
}
