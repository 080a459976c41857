import { Argument, type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { hinted } from './hints.ts';
import { several } from './values.ts';
import { addExamples, addWait, addYes, reference } from './words.ts';

/** Configuration as files. */
export function addDocument(program: Command, bind: Bind): void {
  const apply = program
    .command('apply')
    .description('Make the configuration match files: shows the difference, changes only what differs')
    .addOption(
      hinted(
        new Option('-f, --file <file>', 'a YAML or JSON file, several times; "-": standard input')
          .argParser(several(String))
          .makeOptionMandatory(),
        'file',
      ),
    )
    .option('--dry-run', 'only show the difference: exit code 0 when there is none, 7 when there is one')
    .option('--plan', 'show which listeners with how many open connections it touches, and do exactly that');
  addWait(addYes(apply));
  addExamples(
    apply,
    'evenkeel apply -f web.yaml --dry-run',
    'evenkeel apply -f web.yaml -f mail.yaml',
    'evenkeel apply -f web.yaml --plan',
    'evenkeel export web | sed s/10.0.0.11/10.0.0.19/ | evenkeel apply -f -',
  );
  bind(apply, async (call) => (await import('../actions/apply.ts')).apply(call));

  const exported = program
    .command('export')
    .description('Print the configuration in the form that apply takes')
    .addArgument(reference('[lb...]', 'load balancers: names or identifiers (default: all)', 'loadBalancer'));
  addExamples(exported, 'evenkeel export > everything.yaml', 'evenkeel export web mail');
  bind(exported, async (call) => (await import('../actions/export.ts')).exportConfiguration(call));

  const imported = program
    .command('import')
    .description("Print another balancer's configuration in the form that apply takes, and say what to know of it")
    .addArgument(new Argument('<from>', 'what it is the configuration of').choices(['haproxy', 'nginx']))
    .addArgument(hinted(new Argument('<file>', '"-": standard input'), 'file'))
    .option('--name <name>', 'name of the load balancer that it becomes', 'imported')
    .option('--strict', 'exit code 1 when something is left out, works in another way, or is to be done by hand');
  addExamples(
    imported,
    'evenkeel import haproxy /etc/haproxy/haproxy.cfg > web.yaml',
    'evenkeel import nginx /etc/nginx/nginx.conf --name web | evenkeel apply -f - --dry-run',
  );
  bind(imported, async (call) => (await import('../actions/import.ts')).importConfiguration(call));
}
