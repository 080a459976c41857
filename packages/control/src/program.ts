import { startControlPlane } from './control-plane.ts';
import { parseOptions, USAGE } from './options.ts';
import { StartError, WRONG_OPTION, WrongOption } from './start-error.ts';

/** Milliseconds that a stop may take before the process ends anyway. */
const STOP = 10_000;

try {
  await main();
} catch (error) {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`evenkeel: ${error.message}\n`);
  process.exitCode = error instanceof WrongOption ? WRONG_OPTION : 1;
}

async function main(): Promise<void> {
  if (process.argv[2] === 'unpack') {
    const { unpack } = await import('./backup/unpack.ts');
    return unpack(process.argv.slice(3), process.env);
  }
  const options = parseOptions(process.argv.slice(2), process.env);
  if (options === null) {
    process.stdout.write(USAGE);
    return;
  }
  const controlPlane = await startControlPlane(options);
  process.stdout.write(
    `${JSON.stringify({ event: 'ready', url: controlPlane.url, fingerprint: controlPlane.fingerprint })}\n`,
  );

  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), STOP).unref();
    await controlPlane.close();
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
