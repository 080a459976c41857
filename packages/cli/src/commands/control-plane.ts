import type { Command } from 'commander';
import type { Bind } from './call.ts';
import { addExamples } from './words.ts';

/** Who nodes turn to: the control planes that share a state. */
export function addControlPlanes(node: Command, bind: Bind): void {
  const list = node
    .command('control-plane')
    .alias('control-planes')
    .description('Control planes: who leads nodes, and who may take over')
    .command('list')
    .alias('ls')
    .description('List control planes, and the certificates that nodes know them by');
  addExamples(list, 'evenkeel node control-plane list');
  bind(list, async (call) => (await import('../actions/control-plane.ts')).list(call));
}
