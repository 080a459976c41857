import type { Command } from 'commander';
import type { Bind } from './call.ts';
import { addExamples, referenceOption } from './words.ts';

const actions = () => import('../actions/sessions.ts');

export function addSession(program: Command, bind: Bind): void {
  const session = program
    .command('session')
    .alias('sessions')
    .description('Sessions: who has logged in with a password');

  const list = session
    .command('list')
    .alias('ls')
    .description('List sessions: your own, those of all users for an admin')
    .addOption(referenceOption('--user <user>', 'only those of this user', 'user'));
  addExamples(list, 'evenkeel session list --user ann');
  bind(list, async (call) => (await actions()).list(call));

  const end = session
    .command('end')
    .aliases(['delete', 'rm'])
    .description('End sessions')
    .argument('<session...>', 'identifiers');
  addExamples(end, 'evenkeel session end ses-01ka0000000000000a');
  bind(end, async (call) => (await actions()).end(call));
}
