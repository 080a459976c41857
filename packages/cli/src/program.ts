import { Command, Option } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import { addAccessKey } from './commands/access-key.ts';
import { addAccessPolicy } from './commands/access-policy.ts';
import { addAudit } from './commands/audit.ts';
import { addAuthority } from './commands/authority.ts';
import { addBackup } from './commands/backup.ts';
import { addBlockList } from './commands/block-list.ts';
import type { Bind } from './commands/call.ts';
import { addCertificate } from './commands/certificate.ts';
import { addChangeSet } from './commands/change-set.ts';
import { addCompletion } from './commands/completion.ts';
import { addDenyList } from './commands/deny-list.ts';
import { addDiagnosis } from './commands/diagnosis.ts';
import { addDocument } from './commands/document.ts';
import { addElasticIp } from './commands/elastic-ip.ts';
import { addEvents } from './commands/events.ts';
import { addFleet } from './commands/fleet.ts';
import { addHealth } from './commands/health.ts';
import { hinted } from './commands/hints.ts';
import { addListener } from './commands/listener.ts';
import { addLoadBalancer } from './commands/load-balancer.ts';
import { addProfile } from './commands/profile.ts';
import { addQuota } from './commands/quota.ts';
import { addRevision } from './commands/revision.ts';
import { addRule } from './commands/rule.ts';
import { addRuleGroup } from './commands/rule-group.ts';
import { addSecurityGroup } from './commands/security-group.ts';
import { addSecurityPolicy } from './commands/security-policy.ts';
import { addService } from './commands/service.ts';
import { addSession } from './commands/session.ts';
import { addSpecification } from './commands/specification.ts';
import { addSubnet } from './commands/subnet.ts';
import { addTarget } from './commands/target.ts';
import { addTargetGroup } from './commands/target-group.ts';
import { addTenant } from './commands/tenant.ts';
import { addToken } from './commands/token.ts';
import { addUser } from './commands/user.ts';
import { addVpc } from './commands/vpc.ts';
import { addWebhook } from './commands/webhook.ts';
import { addZones } from './commands/zone.ts';
import { EXIT, EXIT_MEANINGS } from './exit-codes.ts';
import { CliFailure } from './failure.ts';
import type { Io } from './io.ts';

/** The command tree: words, options and help. What a command does is loaded when it is called. */
export function buildProgram(io: Pick<Io, 'out' | 'err'>, bind: Bind): Command {
  const program = new Command('evenkeel')
    .description('Evenkeel: a cloud load balancer that you run yourself')
    .version(manifest.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command...]', 'show help for a command')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, subcommandTerm: termOf })
    .configureOutput({
      writeOut: io.out,
      writeErr: io.err,
      outputError: (text, write) => write(text.replace(/^error: /, 'evenkeel: ')),
    })
    .showHelpAfterError('See "evenkeel --help", or --help after any command.');

  program
    .option('--json', "print the API's objects as JSON")
    .option('-q, --quiet', 'print identifiers only, one a line')
    .addOption(hinted(new Option('--home <folder>', 'folder of the installation (EVENKEEL_HOME)'), 'folder'))
    .option('--url <url>', 'address of the control plane (EVENKEEL_URL; default: what runs on the home)')
    .option('--token <token>', "access token (EVENKEEL_TOKEN; default: the home's admin credential)")
    .addOption(
      hinted(
        new Option('--tenant <tenant>', "tenant to act in (EVENKEEL_TENANT; default: that of the token's user)"),
        'tenant',
      ),
    )
    .addOption(
      hinted(new Option('--ca <file>', 'authorities that vouch for the control plane, PEM (EVENKEEL_CA)'), 'file'),
    )
    .option('--profile <name>', 'control plane and credential that were saved under a name (EVENKEEL_PROFILE)')
    .option('--fingerprint <sha256>', 'of the certificate that the control plane must show (EVENKEEL_FINGERPRINT)');

  program.commandsGroup('Run it:');
  addProcesses(program);
  program.commandsGroup('Load balancing:');
  addLoadBalancer(program, bind);
  addListener(program, bind);
  addService(program, bind);
  addTargetGroup(program, bind);
  addTarget(program, bind);
  addRuleGroup(program, bind);
  addRule(program, bind);
  addElasticIp(program, bind);
  addHealth(program, bind);
  addDiagnosis(program, bind);
  program.commandsGroup('Networks:');
  addVpc(program, bind);
  addSubnet(program, bind);
  addSpecification(program, bind);
  program.commandsGroup('Protection:');
  addSecurityGroup(program, bind);
  addBlockList(program, bind);
  addDenyList(program, bind);
  program.commandsGroup('TLS:');
  addCertificate(program, bind);
  addAuthority(program, bind);
  addSecurityPolicy(program, bind);
  program.commandsGroup('Configuration as files:');
  addDocument(program, bind);
  addChangeSet(program, bind);
  addRevision(program, bind);
  program.commandsGroup('The fleet:');
  addFleet(program, bind);
  addZones(program, bind);
  addEvents(program, bind);
  addWebhook(program, bind);
  addBackup(program, bind);
  program.commandsGroup('Who may do what:');
  addTenant(program, bind);
  addQuota(program, bind);
  addUser(program, bind);
  addToken(program, bind);
  addAccessKey(program, bind);
  addAccessPolicy(program, bind);
  addSession(program, bind);
  addProfile(program, bind);
  addAudit(program, bind);
  program.commandsGroup('Shell:');
  addCompletion(program, bind);

  return program.addHelpText('after', () => `\n${exitCodes()}`);
}

/** A command in the list of its group: with the alias that saves typing, if it has one, and its arguments. */
function termOf(command: Command): string {
  const name = command.name();
  const names = [name, ...command.aliases().filter((alias) => alias.length < name.length)].join('|');
  const args = command.registeredArguments.map((argument) => {
    const text = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${text}>` : `[${text}]`;
  });
  return [names, ...args].join(' ');
}

/** main.ts runs these when they come first; here they are for help and completion. */
function addProcesses(program: Command): void {
  const processes = {
    start: 'Run a control plane and a node agent on this machine',
    status: 'Tell whether they run, and where',
    stop: 'End them: requests in flight may finish',
    upgrade: 'Have them go on in this version, without an end to any request',
  };
  for (const [name, description] of Object.entries(processes)) {
    program
      .command(name)
      .description(description)
      .action(() => {
        throw new CliFailure(EXIT.usage, `"${name}" comes first: evenkeel ${name}, then its options.`);
      });
  }
}

function exitCodes(): string {
  const rows = Object.entries(EXIT).map(([name, code]) => `  ${code}  ${EXIT_MEANINGS[name as keyof typeof EXIT]}`);
  return `Exit codes:\n${rows.join('\n')}`;
}
