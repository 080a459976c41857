import { LISTED_FLOWS, RECENT_REQUESTS } from '@evenkeel/model/limits.ts';
import { type Command, Option } from 'commander';
import type { Bind } from './call.ts';
import { atLeastOne, integer, several } from './values.ts';
import { addExamples, ofLoadBalancer, reference, referenceOption } from './words.ts';

const actions = () => import('../actions/diagnosis.ts');
const text = (value: string) => value;

/** Why requests go where they go, and why they ended as they did. */
export function addDiagnosis(program: Command, bind: Bind): void {
  const explain = program
    .command('explain')
    .description('Explain what would become of a request: which rule applies, which target would be chosen, and why')
    .addArgument(reference('<listener>', 'listener: identifier, name, or lb/listener', 'listener'))
    .argument('[url]', 'path, or URL of which host, path and query are taken')
    .addOption(ofLoadBalancer('the load balancer of the listener'))
    .option('-X, --method <method>', 'method of the request (default: GET)')
    .option('--host <host>', 'Host header (default: the host of the URL, else where the listener listens)')
    .addOption(
      new Option('-H, --header <header>', 'a header, as "Name: value", several times').argParser(several(text)),
    )
    .addOption(new Option('-b, --cookie <cookie>', 'a cookie, as name=value, several times').argParser(several(text)))
    .option('--source <address>', 'address of whoever connects (default: 127.0.0.1)')
    .addOption(
      new Option('--source-port <port>', 'of a network load balancer: the port that the packets come from').argParser(
        integer,
      ),
    )
    .addOption(new Option('--port <port>', 'of a range of ports: the one that they go to').argParser(integer))
    .addOption(new Option('--protocol <protocol>', 'of a listener for both').choices(['tcp', 'udp']))
    .option('--server-name <name>', 'name that the ClientHello asks for, where TLS is passed through')
    .addOption(referenceOption('--node <node>', 'the node to ask (default: the first that is connected)', 'node'));
  addExamples(
    explain,
    'evenkeel explain web/http-80 http://shop.example/cart?id=7',
    'evenkeel explain web/http-80 /login -X POST -H "X-Beta: 1" -b user=17 --source 203.0.113.9',
    'evenkeel explain dns/tcp-udp-53 --protocol udp --source 203.0.113.9 --source-port 40000',
  );
  bind(explain, async (call) => (await actions()).explain(call));

  const request = program.command('request').alias('requests').description('Requests that have ended');
  const show = request
    .command('show')
    .alias('get')
    .description('Show how a request ended, and why: by the identifier that log and client have')
    .argument('<id>', 'identifier of the request');
  addExamples(show, 'evenkeel request show 6f1c7d0a2b9e4f3500000000000002a1');
  bind(show, async (call) => (await actions()).showRequest(call));

  const list = request
    .command('list')
    .alias('ls')
    .description('List requests that failed lately, on all nodes, the newest first')
    .addArgument(reference('[listener]', 'listener: identifier, name, or lb/listener (default: all)', 'listener'))
    .addOption(ofLoadBalancer('the load balancer of the listener'))
    .option('--all', 'those that ended well, too')
    .addOption(
      new Option(
        '--limit <n>',
        `at most so many (1 to ${RECENT_REQUESTS.maximum}; default ${RECENT_REQUESTS.default})`,
      ).argParser(atLeastOne),
    );
  addExamples(list, 'evenkeel request list', 'evenkeel request list web/http-80 --limit 100 --json');
  bind(list, async (call) => (await actions()).listRequests(call));

  const traffic = program
    .command('traffic')
    .description('Show what a listener has carried, and how its requests and connections ended')
    .addArgument(reference('<listener>', 'listener: identifier, name, or lb/listener', 'listener'))
    .addOption(ofLoadBalancer('the load balancer of the listener'));
  addExamples(traffic, 'evenkeel traffic web/http-80', 'evenkeel traffic web/http-80 --json');
  bind(traffic, async (call) => (await actions()).traffic(call));

  const flows = program
    .command('flows')
    .description('List flows of network load balancers that the kernel carries, those first that sent something last')
    .addArgument(reference('[listener]', 'listener: identifier, name, or lb/listener (default: all)', 'listener'))
    .addOption(ofLoadBalancer('the load balancer of the listener'))
    .option('--top', 'those that send the most, by packets drawn in the last half minute')
    .option('--target <id>', 'those to this target')
    .option('--client <address>', 'those from this address')
    .addOption(
      new Option(
        '--limit <n>',
        `at most so many (1 to ${LISTED_FLOWS.maximum}; default ${LISTED_FLOWS.default})`,
      ).argParser(atLeastOne),
    );
  addExamples(
    flows,
    'evenkeel flows dns/udp-53',
    'evenkeel flows --top --limit 10',
    'evenkeel flows --client 203.0.113.9',
  );
  bind(flows, async (call) => (await import('../actions/flows.ts')).listFlows(call));
}
