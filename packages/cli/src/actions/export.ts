import type { ExportedConfiguration } from '@evenkeel/model/resources/exchange.ts';
import { stringify } from 'yaml';
import type { Call } from '../commands/call.ts';
import { readPassphrase } from './passphrase.ts';
import { print, withSession } from './session.ts';

export function exportConfiguration(call: Call) {
  return withSession(call, async (session) => {
    const { client } = session;
    const passphrase = await readPassphrase(call);
    const body = requestOf(call);
    const configuration: ExportedConfiguration =
      passphrase === null
        ? await client.exportConfiguration({ body })
        : await client.exportSealedConfiguration({ body: { ...body, passphrase } });
    print(session, {
      json: configuration,
      ids: (configuration.loadBalancers ?? []).map(({ name }) => name),
      text: () => documentText(configuration),
    });
  });
}

function requestOf({ args, options }: Call) {
  const [loadBalancers] = args as readonly [readonly string[]];
  const { tag, allFields } = options as { tag?: Readonly<Record<string, string>>; allFields?: true };
  return {
    ...(loadBalancers.length > 0 && { loadBalancers: [...loadBalancers] }),
    ...(tag && { tags: tag }),
    ...(allFields && { allFields }),
  };
}

function documentText(configuration: ExportedConfiguration): string {
  const shown = Object.keys(configuration).length === 0 ? { loadBalancers: [] } : configuration;
  return stringify(shown, { aliasDuplicateObjects: false, lineWidth: 0 });
}
