import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { addFields } from './fields.ts';
import { healthFields } from './health-fields.ts';
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
    .addOption(new Option('--state <state>', 'only targets in this state').choices(STATES))
    .option('--evidence', 'the last probes of the targets: what was said, when, and why the verdict; of one service')
    .addOption(new Option('--target <target>', 'only this target: identifier, address, or address:port'));
  addExamples(
    health,
    'evenkeel health',
    'evenkeel health web',
    'evenkeel health web/http-80 --state unhealthy --json',
    'evenkeel health web/http-80 --evidence',
    'evenkeel health web/http-80 --evidence --target 10.0.0.11:8080',
  );
  bind(health, async (call) => (await import('../actions/health.ts')).health(call));

  const attempt = program
    .command('try-health')
    .description('Try a health check without changing anything: each node probes each target once, and tells')
    .addArgument(reference('<service>', 'backend service: identifier, name, or lb/service', 'backendService'))
    .addOption(ofLoadBalancer('the load balancer of the service'))
    .addOption(new Option('--target <target>', 'only this target: identifier, address, or address:port'));
  addFields(
    attempt,
    healthFields.filter(({ flag }) => flag !== 'health-check'),
  );
  addExamples(
    attempt,
    '# would the check of the service pass now?',
    'evenkeel try-health web/http-80',
    '# would another one?',
    'evenkeel try-health web/http-80 --health-path /ready --health-codes 200 --health-timeout 1',
    'evenkeel try-health web/http-80 --health-protocol grpc --health-grpc-service shop.v1.Cart',
  );
  bind(attempt, async (call) => (await import('../actions/health-evidence.ts')).tryHealth(call));
}
