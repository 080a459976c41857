import { Argument, type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { hinted } from './hints.ts';
import { several, tag } from './values.ts';
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
    .addArgument(reference('[lb...]', 'load balancers: names or identifiers (default: all)', 'loadBalancer'))
    .addOption(new Option('--tag <key=value>', 'only load balancers with this tag, several times').argParser(tag))
    .option('--all-fields', 'also fields that have their defaults')
    .addOption(passphraseOption('with the private keys, sealed with the first line of this file; for administrators'));
  addExamples(
    exported,
    'evenkeel export > everything.yaml',
    'evenkeel export web mail',
    'evenkeel export --tag team=shop',
    '# with private keys, for another installation',
    'evenkeel export web --passphrase-file phrase.txt > web.yaml',
  );
  bind(exported, async (call) => (await import('../actions/export.ts')).exportConfiguration(call));

  const imported = program
    .command('import')
    .description(
      "Take in an export of another installation; or print another balancer's configuration in the form that apply " +
        'takes, and say what to know of it',
    )
    .addArgument(
      new Argument('[from]', 'another balancer that it is the configuration of').choices(['haproxy', 'nginx']),
    )
    .addArgument(hinted(new Argument('[file]', 'its configuration; "-": standard input'), 'file'))
    .option('--name <name>', 'name of the load balancer that it becomes', 'imported')
    .option('--strict', 'exit code 1 when something is left out, works in another way, or is to be done by hand');
  imported
    .optionsGroup('Of an export of another installation:')
    .addOption(
      hinted(
        new Option('-f, --file <file>', 'a YAML or JSON file, several times; "-": standard input').argParser(
          several(String),
        ),
        'file',
      ),
    )
    .addOption(
      new Option('--on-conflict <choice>', 'what is done when an object of a name is there, and differs')
        .choices(['refuse', 'rename', 'replace'])
        .default('refuse'),
    )
    .option('--new-addresses', 'free addresses in place of those in the document')
    .addOption(passphraseOption('what opens the private keys: the first line of this file'))
    .option('--dry-run', 'only show conflicts and difference: exit code 0 when there is none, 7 when there is one');
  addWait(imported);
  addExamples(
    imported,
    'evenkeel import -f web.yaml --dry-run',
    'evenkeel import -f web.yaml --on-conflict rename --new-addresses',
    'evenkeel import -f web.yaml --passphrase-file phrase.txt',
    'evenkeel import haproxy /etc/haproxy/haproxy.cfg > web.yaml',
    'evenkeel import nginx /etc/nginx/nginx.conf --name web | evenkeel apply -f - --dry-run',
  );
  bind(imported, async (call) => {
    if (call.options.file !== undefined) return (await import('../actions/import-document.ts')).importDocument(call);
    return (await import('../actions/import.ts')).importConfiguration(call);
  });
}

function passphraseOption(description: string): Option {
  return hinted(new Option('--passphrase-file <file>', `${description}; "-": standard input`), 'file');
}
