import { REACHES, ROLES } from '@evenkeel/model/access.ts';
import { TOKEN_DAYS } from '@evenkeel/model/access-limits.ts';
import { QUOTA, TENANT_QUOTA_NAMES } from '@evenkeel/model/limits.ts';
import { InvalidArgumentError, Option } from 'commander';
import { type Field, integerOrNone, onOff, word } from './fields.ts';
import { commonFields } from './resource-fields.ts';

export const tenantFields: readonly Field[] = commonFields;

/** Options of users that a new one may have; its role it must have. */
export const userFields: readonly Field[] = [
  { flag: 'role', field: 'role', value: word(ROLES), help: 'viewer reads, operator changes, admin also has users' },
  {
    flag: 'reach',
    field: 'reach',
    value: word(REACHES),
    help: 'all: the role holds in every tenant (default own)',
  },
  { flag: 'enabled', field: 'enabled', value: onOff, help: 'off: no token of the user is accepted (default on)' },
  ...commonFields,
];

export const tokenFields: readonly Field[] = [
  { flag: 'name', field: 'name', value: { kind: 'text', placeholder: 'name' }, help: 'name (default: the identifier)' },
  { flag: 'role', field: 'role', value: word(ROLES), help: 'the most that it is good for (default: as the user)' },
  {
    flag: 'days',
    field: 'days',
    value: integerOrNone('days'),
    help: `until it ends, ${TOKEN_DAYS.minimum} to ${TOKEN_DAYS.maximum}; none: never (default ${TOKEN_DAYS.default})`,
  },
  { flag: 'description', field: 'description', value: { kind: 'text', placeholder: 'text' }, help: 'free text' },
];

export const accessKeyFields: readonly Field[] = [
  { flag: 'name', field: 'name', value: { kind: 'text', placeholder: 'name' }, help: 'name' },
  { flag: 'enabled', field: 'enabled', value: onOff, help: 'off: nothing that is signed with it is accepted' },
  { flag: 'description', field: 'description', value: { kind: 'text', placeholder: 'text' }, help: 'free text' },
];

/** A quota of a tenant; null takes it back to that of the installation. */
export type QuotaChanges = Readonly<Record<string, number | null>>;

export const quotaOption = () =>
  new Option('--quota <name=value>', 'how many there may be, several times; none: as in the installation').argParser(
    quotaChange,
  );

/** For commander: one of several `name=value`, with those before it. */
export function quotaChange(text: string, before: QuotaChanges = {}): QuotaChanges {
  const [name = '', value = ''] = text.split('=');
  if (!(TENANT_QUOTA_NAMES as readonly string[]).includes(name)) {
    throw new InvalidArgumentError(`Give name=value with one of ${TENANT_QUOTA_NAMES.join(', ')}.`);
  }
  if (value !== 'none' && !(/^\d{1,7}$/.test(value) && Number(value) <= QUOTA.maximum))
    throw new InvalidArgumentError(`Give a number up to ${QUOTA.maximum}, or none.`);
  return { ...before, [name]: value === 'none' ? null : Number(value) };
}
