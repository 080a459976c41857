import { execFileSync } from 'node:child_process';
import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { addCommands, removeCommands } from '../packages/flow/src/target/host-settings.ts';
import { setUpTunnelEnd, takeDownTunnelEnd } from '../packages/flow/src/target/set-up.ts';

/**
 * Sets this host up as a target of direct return or of tunnels: see docs/flow.md.
 *
 *     node bin/flow-target.mjs add --vip 203.0.113.1 --device eth0 --balancer 192.0.2.1,192.0.2.2
 *     node bin/flow-target.mjs remove --vip 203.0.113.1 --device eth0
 *
 *     --vip LIST        addresses of the load balancer
 *     --device NAME     where packets of clients arrive
 *     --balancer LIST   addresses that nodes send tunnels from; without them there is only direct return
 *     --attach WHERE    tcx (default) or xdp
 *     --bpf FOLDER      where the BPF file system is, or will be (/sys/fs/bpf)
 *     --print           prints the settings of the host, and sets nothing up
 */
const USAGE =
  'flow-target add|remove --vip LIST --device NAME [--balancer LIST] [--attach tcx|xdp] [--bpf FOLDER] [--print]';

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      vip: { type: 'string', default: '' },
      device: { type: 'string', default: '' },
      balancer: { type: 'string' },
      attach: { type: 'string', default: 'tcx' },
      bpf: { type: 'string', default: '/sys/fs/bpf' },
      print: { type: 'boolean', default: false },
    },
  });
  const [verb] = positionals;
  if (verb !== 'add' && verb !== 'remove') fail(USAGE);
  const vips = addresses('--vip', values.vip);
  const balancers = values.balancer === undefined ? [] : addresses('--balancer', values.balancer);
  const { device, attach } = values;
  if (!/^[^\s/]{1,15}$/.test(device)) fail(`--device takes the name of a network device, not '${device}'`);
  if (attach !== 'tcx' && attach !== 'xdp') fail(`--attach takes tcx or xdp, not '${attach}'`);

  const commands = verb === 'add' ? addCommands({ vips, device }) : removeCommands({ vips, device });
  if (values.print) {
    for (const command of commands) process.stdout.write(`${command.join(' ')}\n`);
    return;
  }
  for (const [program, ...args] of commands) run(program!, args);
  if (verb === 'remove') takeDownTunnelEnd(device, values.bpf);
  else if (balancers.length > 0) {
    await setUpTunnelEnd({ device, vips, balancers, attach, bpfFileSystem: values.bpf });
  }
}

function run(program: string, args: readonly string[]): void {
  try {
    execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    fail(`${program} ${args.join(' ')}: ${said}`);
  }
}

function addresses(option: string, text: string): string[] {
  const list = text.split(',').map((part) => part.trim());
  for (const part of list) if (isIP(part) === 0) fail(`${option}: '${part}' is no IP address; ${USAGE}`);
  return list;
}

function fail(message: string): never {
  process.stderr.write(`flow-target: ${message}\n`);
  process.exit(1);
}

try {
  await main();
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
