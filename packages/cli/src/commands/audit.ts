import { AUDIT_OUTCOMES } from '@evenkeel/model/history-words.ts';
import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { hinted } from './hints.ts';
import { atLeastOne } from './values.ts';
import { addExamples, referenceOption } from './words.ts';

const actions = () => import('../actions/audit.ts');
const LATEST = 20;

/** What was done, and by whom. */
export function addAudit(program: Command, bind: Bind): void {
  const audit = program.command('audit').description('The audit log: what was done, by whom, before and after');

  const list = addFilters(
    audit.command('list').alias('ls').description('List what was done, the newest first'),
  ).addOption(new Option('--limit <count>', 'so many').argParser(atLeastOne).default(LATEST));
  addExamples(
    list,
    'evenkeel audit list --actor ann --from 2026-11-01T00:00:00Z',
    '# what changed in one listener, field by field',
    "evenkeel --json audit list --resource lsn-01ka0000000000000a | jq '.[] | {at, actorName, before, after}'",
  );
  bind(list, async (call) => (await actions()).list(call));

  const exported = addFilters(
    audit.command('export').description('Write the audit log as lines of JSON, the oldest first'),
  )
    .option('--after <entry>', 'go on after this entry: the last one of an earlier export')
    .addOption(hinted(new Option('-o, --out <file>', 'write to a file, which must not be there yet'), 'file'));
  addExamples(
    exported,
    'evenkeel audit export --out audit.jsonl',
    'evenkeel audit export --outcome denied | jq -r .actorName',
  );
  bind(exported, async (call) => (await actions()).exportAll(call));
}

function addFilters(command: Command): Command {
  return command
    .option('--resource <id>', 'only about this resource, by its identifier')
    .option('--kind <kind>', 'only about resources of this kind, such as listener')
    .addOption(referenceOption('--actor <user>', 'only what this user did', 'user'))
    .option('--action <action>', 'only this action, such as updateListener')
    .addOption(new Option('--outcome <word>', 'only with this outcome').choices(AUDIT_OUTCOMES))
    .option('--from <time>', 'only of this time or later, such as 2026-11-01T00:00:00Z')
    .option('--to <time>', 'only before this time')
    .option('--all-tenants', 'of all tenants, for a role that reaches them');
}
