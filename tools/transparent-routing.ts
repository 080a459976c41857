import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { addCommands, removeCommands } from '../packages/agent/src/network/transparent-routing.ts';
import { canonicalNetwork } from '../packages/model/src/network.ts';

/**
 * Sets a node up for transparent services, or prints what it would do: see docs/guide/source-address.md.
 *
 *     node bin/transparent-routing.mjs add --targets 10.0.2.0/24 --ports 8080,8443
 *     node bin/transparent-routing.mjs remove --targets 10.0.2.0/24 --ports 8080,8443
 *
 *     --targets LIST   addresses or CIDR blocks of the targets
 *     --ports LIST     ports that the targets are asked on
 *     --table N        routing table and preference of the rules (7450)
 *     --print          prints the commands and runs none
 */
const USAGE = 'transparent-routing add|remove --targets LIST --ports LIST [--table N] [--print]';

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      targets: { type: 'string', default: '' },
      ports: { type: 'string', default: '' },
      table: { type: 'string', default: '7450' },
      print: { type: 'boolean', default: false },
    },
  });
  const [verb] = positionals;
  const routing = {
    targets: listOf('--targets', values.targets, (text) => canonicalNetwork(text)),
    ports: listOf('--ports', values.ports, (text) => numberIn(text, 1, 65_535)),
    table: numberIn(values.table, 1, 32_765) ?? fail(`--table takes a number from 1 to 32765, not ${values.table}`),
  };
  if (verb !== 'add' && verb !== 'remove') fail(USAGE);
  const remove = removeCommands(routing);
  const add = verb === 'add' ? addCommands(routing) : [];
  if (values.print) {
    for (const command of verb === 'add' ? add : remove) process.stdout.write(`ip ${command.join(' ')}\n`);
    return;
  }
  // What was set before goes, so that the command can be given twice.
  for (const command of remove) ip(command, verb === 'remove');
  for (const command of add) ip(command, true);
}

function ip(command: readonly string[], matters: boolean): void {
  try {
    execFileSync('ip', command, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    if (!matters) return;
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    fail(`ip ${command.join(' ')}: ${said}`);
  }
}

function listOf<T>(option: string, text: string, read: (text: string) => T | null): T[] {
  return text.split(',').map((part) => read(part.trim()) ?? fail(`${option}: '${part}' is none; ${USAGE}`));
}

function numberIn(text: string, least: number, most: number): number | null {
  return /^[0-9]+$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : null;
}

function fail(message: string): never {
  process.stderr.write(`transparent-routing: ${message}\n`);
  process.exit(1);
}

main();
