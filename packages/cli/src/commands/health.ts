import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { addExamples, ofLoadBalancer, reference } from './words.ts';

const STATES = ['healthy', 'unhealthy', 'detecting', 'unchecked'];

export function addHealth(program: Command, bind: Bind): void {
  const health = program
    .command('health')
    .description('Show the health of targets: of all, of a load balancer, or of a backend service')
    .addArgument(
      reference('[what]', 'load balancer or backend service: identifier, name, or lb/service', 'loadBalancer'),
    )
    .addOption(ofLoadBalancer('the load balancer of the service'))
    .addOption(new Option('--state <state>', 'only targets in this state').choices(STATES));
  addExamples(health, 'evenkeel health', 'evenkeel health web', 'evenkeel health web/http-80 --state unhealthy --json');
  bind(health, async (call) => (await import('../actions/health.ts')).health(call));
}
