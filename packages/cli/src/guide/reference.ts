import type { Command } from 'commander';
import { examplesOf } from '../commands/words.ts';
import { EXIT, EXIT_MEANINGS } from '../exit-codes.ts';

/** The command tree as Markdown: a section for each command that does something. */
export function referenceOf(program: Command): string {
  const help = program.createHelp();
  return [
    '### Options of every command',
    optionTable(program),
    ...help.visibleCommands(program).flatMap((command) => sectionsOf(command, [])),
  ].join('\n\n');
}

export function exitCodeTable(): string {
  const rows = Object.entries(EXIT).map(([name, code]) => [String(code), EXIT_MEANINGS[name as keyof typeof EXIT]]);
  return table(['Code', 'Meaning'], rows);
}

function sectionsOf(command: Command, path: readonly string[]): string[] {
  if (command.name() === 'help') return [];
  const words = [...path, command.name()];
  const [first, ...others] = command.aliases();
  const aliases = first === undefined ? '' : ` Also: ${[first, ...others].map((name) => `\`${name}\``).join(', ')}.`;
  const head = [
    `${path.length === 0 ? '###' : '####'} evenkeel ${words.join(' ')}`,
    `${command.description()}.${aliases}`,
  ];
  if (command.commands.length > 0) {
    return [
      ...head,
      ...command
        .createHelp()
        .visibleCommands(command)
        .flatMap((sub) => sectionsOf(sub, words)),
    ];
  }
  return [...head, ...bodyOf(command)];
}

function bodyOf(command: Command): string[] {
  const parts: string[] = [];
  const examples = examplesOf(command);
  if (examples.length > 0) parts.push(`\`\`\`sh\n${examples.join('\n')}\n\`\`\``);
  const names = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '…' : ''}`;
    return [
      `\`${argument.required ? `<${name}>` : `[${name}]`}\``,
      withChoices(argument.description, argument.argChoices),
    ];
  });
  if (names.length > 0) parts.push(table(['Argument', ''], names));
  const options = optionTable(command);
  if (options !== '') parts.push(options);
  return parts;
}

function optionTable(command: Command): string {
  const rows = command
    .createHelp()
    .visibleOptions(command)
    .filter(({ long }) => command.parent === null || long !== '--help')
    .map(({ flags, description, argChoices, mandatory, defaultValue }) => {
      const standard = typeof defaultValue === 'number' ? ` (default ${defaultValue})` : '';
      return [`\`${flags}\``, `${withChoices(description, argChoices)}${standard}${mandatory ? '; required' : ''}`];
    });
  return rows.length === 0 ? '' : table(['Option', ''], rows);
}

function withChoices(description: string, choices: readonly string[] | undefined): string {
  return choices === undefined ? description : `${description}: ${choices.map((word) => `\`${word}\``).join(', ')}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
