import { type ParseArgsConfig, parseArgs } from 'node:util';

/**
 * The options of a script, as `parseArgs` reads them. `--help` prints the help and ends the process; what cannot be
 * understood ends it with a sentence and exit code 2.
 */
export function readOptions<T extends ParseArgsConfig>(command: string, help: string, config: T) {
  if (process.argv.slice(2).includes('--help')) {
    console.log(help);
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    console.error(`${command}: ${(error as Error).message}\nTry "npm run ${command} -- --help".`);
    process.exit(2);
  }
}
