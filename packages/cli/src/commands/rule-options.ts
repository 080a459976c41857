import { type Command, Option } from 'commander';
import { hinted } from './hints.ts';
import {
  fieldMatch,
  headerEdit,
  jwtFile,
  path,
  redirect,
  respond,
  severalOrNone,
  shareOrNone,
  shares,
} from './rule-values.ts';
import { integer, wordsOrNone } from './values.ts';
import { referenceOption } from './words.ts';

/** What a rule can be told on the command line, for creation and change alike. */
export function addRuleOptions(command: Command): Command {
  const option = <T>(flags: string, help: string, parse: (text: string, before: never) => T) =>
    new Option(flags, help).argParser(parse as (text: string, before: T) => T);
  const comparisons = 'NAME, !NAME, NAME=VALUE, NAME^=BEGINNING, NAME*=PART, NAME~=PATTERN; several times';

  command
    .addOption(option('--priority <number>', 'smaller first (default: behind the last rule)', integer))
    .option('--description <text>', 'free text');
  command
    .optionsGroup('Which requests ("none" takes the conditions of a kind away):')
    .addOption(option('--host <hosts>', 'name, *.name, name.* or ~pattern, with commas', wordsOrNone))
    .addOption(
      option('--path <path>', '/path, /path* or ~pattern (~* in any case); several times', severalOrNone(path)),
    )
    .addOption(option('--method <methods>', 'methods, with commas', wordsOrNone))
    .addOption(option('--header <condition>', comparisons, severalOrNone(fieldMatch)))
    .addOption(option('--cookie <condition>', 'the same, of cookies', severalOrNone(fieldMatch)))
    .addOption(option('--query <condition>', 'the same, of parameters of the query', severalOrNone(fieldMatch)))
    .addOption(option('--source <blocks>', 'addresses and CIDR blocks of clients, with commas', wordsOrNone));
  command
    .optionsGroup('What becomes of them (one of the first three):')
    .addOption(
      referenceOption('--forward <services>', 'service or service=weight, with commas', 'backendService').argParser(
        shares,
      ),
    )
    .addOption(option('--redirect <where>', 'such as 301,protocol=https: also host, port, path, query', redirect))
    .addOption(hinted(option('--respond <status>', 'a status, or status=file with the body', respond), 'file'))
    .addOption(
      referenceOption(
        '--mirror <service>',
        'where copies go: service or service=percent; "none"',
        'backendService',
      ).argParser(shareOrNone),
    )
    .addOption(hinted(option('--jwt <file>', 'JSON of the tokens that are asked for; "none"', jwtFile), 'file'))
    .option('--rewrite-host <host>', 'the host that the target sees; "none": as asked for')
    .addOption(
      new Option('--rewrite-path <path>', 'the path that the target sees; "none": as asked for').conflicts([
        'rewritePrefix',
        'rewritePattern',
      ]),
    )
    .addOption(new Option('--rewrite-prefix <path>', 'what takes the place of the prefix').conflicts('rewritePattern'))
    .option('--rewrite-pattern <pattern>', 'what is looked for in the path; --rewrite-with takes its place')
    .option('--rewrite-with <path>', 'with $1 to $9 for groups of the pattern')
    .addOption(option('--request-header <change>', 'NAME=VALUE, +NAME=VALUE, !NAME; several times; "none"', headerEdit))
    .addOption(option('--response-header <change>', 'the same, of answers', headerEdit));
  return command;
}
