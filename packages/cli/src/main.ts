/** The `evenkeel` command: what the first word names is loaded, and nothing else. */

/** Commands that run processes. They read their own options. */
const PROCESS_COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  start: async (args) => (await import('./start/command.ts')).startCommand(args),
  status: async (args) => (await import('./start/status-command.ts')).statusCommand(args),
  stop: async (args) => (await import('./start/stop-command.ts')).stopCommand(args),
  upgrade: async (args) => (await import('./start/upgrade-command.ts')).upgradeCommand(args),
};

/** Options that any command takes, also in front of it, and whose value is a word of its own. */
const WITH_VALUE: readonly string[] = ['--home', '--url', '--token', '--tenant', '--ca', '--profile', '--fingerprint'];

/** Where the command stands: the first word that is no option, and no value of one. */
function placeOfCommand(words: readonly string[]): number {
  let at = 0;
  while (at < words.length && words[at].startsWith('-')) at += WITH_VALUE.includes(words[at]) ? 2 : 1;
  return at;
}

async function main(words: readonly string[]): Promise<number> {
  const place = placeOfCommand(words);
  const name = words[place] ?? '';
  const rest = [...words.slice(0, place), ...words.slice(place + 1)];
  if (Object.hasOwn(PROCESS_COMMANDS, name)) return PROCESS_COMMANDS[name](rest);
  if (name === 'help' && Object.hasOwn(PROCESS_COMMANDS, rest[0] ?? '')) return PROCESS_COMMANDS[rest[0]](['--help']);
  // Whoever reads our output may stop reading: `evenkeel lb list | head -1`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  const [{ run }, { processIo }] = await Promise.all([import('./run.ts'), import('./io.ts')]);
  return run(words, processIo());
}

process.exitCode = await main(process.argv.slice(2));
