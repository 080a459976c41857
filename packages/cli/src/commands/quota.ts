import { DEFAULT_QUOTAS } from '@evenkeel/model/limits.ts';
import { type Command, Option } from 'commander';
import { quotaChange } from './access-fields.ts';
import type { Bind } from './call.ts';
import { addExamples } from './words.ts';

const actions = () => import('../actions/quota.ts');

export function addQuota(program: Command, bind: Bind): void {
  const quota = program.command('quota').alias('quotas').description('Quotas: how many there may be, and are');

  const list = quota
    .command('list')
    .alias('ls')
    .description('List the quotas of the tenant, and how much of each is used')
    .addOption(new Option('--name <name>', 'only this one').choices(Object.keys(DEFAULT_QUOTAS)))
    .option('--of <id>', 'only what is counted within this load balancer, group or user, by its identifier');
  addExamples(list, 'evenkeel quota list', 'evenkeel --tenant shop quota list --name certificates');
  bind(list, async (call) => (await actions()).list(call));

  const set = quota
    .command('set')
    .alias('update')
    .description('Change quotas of the tenant: takes the role admin in all tenants')
    .argument('<name=value...>', 'quotas; none: as in the installation', quotaChange);
  addExamples(set, 'evenkeel --tenant shop quota set certificates=500 elasticIps=none');
  bind(set, async (call) => (await actions()).set(call));
}
