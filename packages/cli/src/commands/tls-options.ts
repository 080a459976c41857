import { type Command, Option } from 'commander';
import { nameAndReference, several, severalOrNone } from './values.ts';
import { referenceOption } from './words.ts';

/** Options of a listener that name certificates and the like; the others are plain fields. */
export function addTlsReferences(command: Command): Command {
  return command
    .addOption(defaultCertificateOption('shown when no name fits; twice for keys of two types'))
    .addOption(
      new Option(
        '--certificate <name=certificate>',
        'shown to clients that ask for the name, several times; "none": none',
      ).argParser(severalOrNone(nameAndReference)),
    )
    .addOption(
      referenceOption(
        '--security-policy <policy>',
        'versions of TLS and ciphers (default tls-1-2-2025)',
        'securityPolicy',
      ),
    )
    .addOption(
      referenceOption(
        '--client-authority <authority>',
        'what client certificates are judged by; "none": none',
        'authority',
      ),
    )
    .addOption(
      new Option(
        '--server-name <name=service>',
        'tcp: where TLS for the name passes to, several times; "none": none',
      ).argParser(severalOrNone(nameAndReference)),
    );
}

export const defaultCertificateOption = (help: string) =>
  referenceOption('--default-certificate <certificate>', help, 'certificate').argParser(several(String));

export const tlsAuthorityOption = () =>
  referenceOption(
    '--tls-authority <authority>',
    'what the certificates of targets are judged by; "none": none',
    'authority',
  );
