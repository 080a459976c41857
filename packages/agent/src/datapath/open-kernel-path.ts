import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { AnswerPaths } from './answer-paths.ts';
import { DatapathEngine } from './datapath-engine.ts';
import type { DatapathEngineOptions } from './datapath-engine-options.ts';
import { removeRecord } from './kernel-record.ts';
import { devices as allDevices, firstLocalPort, forwards, ownAddresses } from './node-network.ts';
import type { DatapathOptions } from './setting.ts';

/**
 * The engine with the kernel datapath of this machine, of which nothing is loaded before a listener wants it. `home`: two
 * nodes on one machine have different ones, and so different folders in the BPF file system.
 */
export function datapathEngine(
  engine: DatapathEngineOptions['engine'],
  { setting, attach, routing, containers, devices, bpfFolder, writtenFlows }: DatapathOptions,
  home: string,
  recordFile: string,
  log: Logger,
  zone?: DatapathEngineOptions['zone'],
): DatapathEngine {
  const name = createHash('sha256').update(home).digest('hex').slice(0, 12);
  const folder = join(bpfFolder, `evenkeel-${name}`);
  const routesAnswers = routing === 'kernel' || attach === 'xdp';
  let answers: AnswerPaths | null = null;
  return new DatapathEngine({
    engine,
    setting,
    recordFile,
    isPinned: () => existsSync(folder),
    unpin: () => {
      rmSync(folder, { recursive: true, force: true }); // without its pins everything is detached
      removeRecord(recordFile);
    },
    forwards,
    firstLocalPort,
    refusesAnswers: (vip, target) => answers?.refusal(vip, target) ?? '',
    isNewsOfAnswers: () => answers?.refresh() ?? false,
    devices: allDevices,
    ownAddresses,
    log,
    ...(zone !== undefined && { zone }),
    open: async () => {
      if (process.platform !== 'linux') throw new Error('the kernel datapath needs Linux');
      if (process.getuid?.() !== 0) throw new Error('the kernel datapath needs root');
      const { KernelPath } = await import('./kernel-path.ts');
      // Not before the kernel is opened, which is before it is decided what it carries: most nodes need no such socket.
      if (routesAnswers && answers === null) answers = (await import('./kernel-answers.ts')).answersOfKernel(log);
      return KernelPath.open({ folder, recordFile, devices, attach, routing, containers, writtenFlows, log });
    },
  });
}
