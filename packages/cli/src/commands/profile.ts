import type { Command } from 'commander';
import type { Bind } from './call.ts';
import { addExamples } from './words.ts';

const actions = () => import('../actions/profile.ts');

export function addProfile(program: Command, bind: Bind): void {
  const profile = program
    .command('profile')
    .alias('profiles')
    .description('Profiles: control planes under a name, with what they are reached by');

  const list = profile.command('list').alias('ls').description('List profiles, without what is secret');
  addExamples(list, 'evenkeel profile list');
  bind(list, async (call) => (await actions()).list(call));

  const save = profile
    .command('save')
    .alias('set')
    .description('Save --url, --tenant, --ca, --fingerprint and a token or an access key under a name')
    .argument('<name>', 'name of the profile')
    .option(
      '--access-key <id>',
      'identifier of an access key; its secret comes from EVENKEEL_ACCESS_KEY_SECRET or standard input',
    );
  addExamples(
    save,
    'evenkeel --url https://lb.example.com:7700 profile save prod --access-key ak-01ka0000000000000a',
    'evenkeel --profile prod lb list',
  );
  bind(save, async (call) => (await actions()).save(call));

  const remove = profile.command('delete').alias('rm').description('Delete a profile').argument('<name>', 'its name');
  addExamples(remove, 'evenkeel profile delete prod');
  bind(remove, async (call) => (await actions()).remove(call));
}
