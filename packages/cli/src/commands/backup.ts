import { Argument, type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { hinted } from './hints.ts';
import { integer } from './values.ts';
import { addExamples, addWait, addYes } from './words.ts';

const actions = () => import('../actions/backup.ts');

/** Copies of the state, and the way back to them. */
export function addBackup(program: Command, bind: Bind): void {
  const backup = program
    .command('backup')
    .alias('backups')
    .description('Backups of the state: made by hand or by themselves, checked, restored');
  const id = () => new Argument('<backup>', 'identifier of the backup, or "latest"');

  const list = backup.command('list').alias('ls').description('List backups');
  addExamples(list, 'evenkeel backup list');
  bind(list, async (call) => (await actions()).list(call));

  const create = backup
    .command('create')
    .description('Make a backup')
    .argument('[description]', 'what it is for')
    .allowExcessArguments(false);
  addExamples(create, "evenkeel backup create 'before the move'");
  bind(create, async (call) => (await actions()).create(call));

  const show = backup.command('show').alias('get').description('Show a backup').addArgument(id());
  addExamples(show, 'evenkeel backup show latest');
  bind(show, async (call) => (await actions()).show(call));

  const verify = backup
    .command('verify')
    .description('Try whether a backup could be restored: exit code 1 when it could not')
    .addArgument(id());
  addExamples(verify, 'evenkeel backup verify latest');
  bind(verify, async (call) => (await actions()).verify(call));

  const restore = backup
    .command('restore')
    .description('Make the configuration what it was: shows the difference, and asks on a terminal')
    .addArgument(id())
    .option('--block-list', 'put the block list that it holds on top of the one that there is, and change nothing else')
    .option('--dry-run', 'only show the difference: exit code 0 when there is none, 7 when there is one');
  addWait(addYes(restore));
  addExamples(restore, 'evenkeel backup restore latest --dry-run', 'evenkeel backup restore latest --block-list');
  bind(restore, async (call) => (await actions()).restore(call));

  const remove = backup.command('delete').alias('rm').description('Delete a backup').addArgument(id());
  addYes(remove);
  addExamples(remove, 'evenkeel backup delete latest');
  bind(remove, async (call) => (await actions()).remove(call));

  const policy = backup
    .command('policy')
    .description('Show or change when backups are made by themselves')
    .addOption(new Option('--every <hours>', 'hours from one to the next').argParser(integer))
    .addOption(new Option('--keep <count>', 'how many of them are kept').argParser(integer))
    .addOption(
      new Option('--test-every <hours>', 'hours from one restore test to the next; 0: none').argParser(integer),
    )
    .option('--on', 'make them')
    .option('--off', 'make none');
  addExamples(policy, 'evenkeel backup policy', 'evenkeel backup policy --every 6 --keep 28 --test-every 24');
  bind(policy, async (call) => (await actions()).policy(call));

  const unpack = backup
    .command('unpack')
    .description(
      'Make a new home of the file of a backup, to start it beside what runs; the state may be in PostgreSQL',
    )
    .addArgument(hinted(new Argument('<file>', 'the file of the backup, with its .json beside it'), 'file'))
    .addArgument(hinted(new Argument('<home>', 'a folder that is not there yet'), 'folder'))
    .addOption(
      hinted(new Option('--key <file>', 'secrets.key of the home that it is from').makeOptionMandatory(), 'file'),
    );
  unpack.option(
    '--database [url]',
    'fill this empty database of PostgreSQL with the state (default: EVENKEEL_DATABASE)',
  );
  addExamples(
    unpack,
    'evenkeel backup unpack .evenkeel/backups/bkp-01….db restored --key .evenkeel/credentials/secrets.key',
    'evenkeel backup unpack bkp-01….db restored --key secrets.key --database',
  );
  bind(unpack, async (call) => (await import('../actions/unpack.ts')).unpack(call));
}
