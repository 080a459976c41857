import { type Command, Option, type OptionValues } from 'commander';
import { setting } from './field-flags.ts';
import { hinted } from './hints.ts';
import { headerEdit as parseHeaderEdit } from './rule-values.ts';
import * as values from './values.ts';

/** An option that sets a field of a resource. */
export interface Field {
  /** As on the command line, without dashes. */
  readonly flag: string;
  /** Name in the API; a dot goes into an object. */
  readonly field: string;
  readonly value: Value;
  readonly help: string;
}

/** The kinds of values that fields have. */
export type Value =
  | { readonly kind: 'text'; readonly placeholder: string }
  | { readonly kind: 'text-or-none'; readonly placeholder: string }
  | { readonly kind: 'integer'; readonly placeholder: string }
  | { readonly kind: 'integer-or-none'; readonly placeholder: string }
  | { readonly kind: 'word'; readonly allowed: readonly string[] }
  | { readonly kind: 'on-off' }
  | { readonly kind: 'tags' }
  | { readonly kind: 'words'; readonly placeholder: string }
  | { readonly kind: 'words-or-none'; readonly placeholder: string }
  | { readonly kind: 'integers-or-none'; readonly placeholder: string }
  | { readonly kind: 'error-page' }
  | { readonly kind: 'header-edit' }
  | { readonly kind: 'port-or-none' };

export const text = (placeholder: string): Value => ({ kind: 'text', placeholder });
export const textOrNone = (placeholder: string): Value => ({ kind: 'text-or-none', placeholder });
export const integer = (placeholder: string): Value => ({ kind: 'integer', placeholder });
export const integerOrNone = (placeholder: string): Value => ({ kind: 'integer-or-none', placeholder });
export const word = (allowed: readonly string[]): Value => ({ kind: 'word', allowed });
export const onOff: Value = { kind: 'on-off' };
export const tags: Value = { kind: 'tags' };
export const words = (placeholder: string): Value => ({ kind: 'words', placeholder });
export const wordsOrNone = (placeholder: string): Value => ({ kind: 'words-or-none', placeholder });
export const integersOrNone = (placeholder: string): Value => ({ kind: 'integers-or-none', placeholder });
export const errorPage: Value = { kind: 'error-page' };
export const headerEdit: Value = { kind: 'header-edit' };
export const portOrNone: Value = { kind: 'port-or-none' };

export function addFields(command: Command, fields: readonly Field[]): Command {
  for (const field of fields) command.addOption(setting(optionOf(field), field.field));
  return command;
}

function optionOf({ flag, value, help }: Field): Option {
  switch (value.kind) {
    case 'text':
      return new Option(`--${flag} <${value.placeholder}>`, help);
    case 'text-or-none':
      return new Option(`--${flag} <${value.placeholder}>`, help).argParser(values.textOrNone);
    case 'integer':
      return new Option(`--${flag} <${value.placeholder}>`, help).argParser(values.integer);
    case 'integer-or-none':
      return new Option(`--${flag} <${value.placeholder}>`, help).argParser(values.integerOrNone);
    case 'word':
      return new Option(`--${flag} <word>`, help).choices(value.allowed);
    case 'on-off':
      return new Option(`--${flag} <on|off>`, help).argParser(values.onOff);
    case 'tags':
      return new Option(`--${flag} <key=value>`, help).argParser(values.tag);
    case 'words':
      return new Option(`--${flag} <${value.placeholder}>`, help).argParser(values.words);
    case 'words-or-none':
      return new Option(`--${flag} <${value.placeholder}>`, help).argParser(values.wordsOrNone);
    case 'integers-or-none':
      return new Option(`--${flag} <${value.placeholder}>`, help).argParser(values.integersOrNone);
    case 'error-page':
      return hinted(new Option(`--${flag} <status=file|url>`, help).argParser(values.errorPage), 'file');
    case 'header-edit':
      return new Option(`--${flag} <change>`, help).argParser(parseHeaderEdit);
    case 'port-or-none':
      return new Option(`--${flag} <port>`, help).argParser(values.integerOrNone);
  }
}

/** The fields that the command line sets, as the API wants them. */
export function bodyOf(fields: readonly Field[], options: OptionValues): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const { flag, field } of fields) {
    const given = options[attributeOf(flag)];
    if (given === undefined) continue;
    const value = given === values.NONE ? null : given;
    const [outer, inner] = field.split('.');
    if (inner === undefined) body[outer] = value;
    else body[outer] = { ...(body[outer] as object | undefined), [inner]: value };
  }
  return body;
}

/** The options of these fields that the command line names. */
export function flagsGiven(fields: readonly Field[], options: OptionValues): string[] {
  return fields.filter(({ flag }) => options[attributeOf(flag)] !== undefined).map(({ flag }) => `--${flag}`);
}

/** The name under which commander keeps an option. */
function attributeOf(flag: string): string {
  return new Option(`--${flag} <value>`).attributeName();
}

export interface Limit {
  readonly minimum: number;
  readonly maximum: number;
  readonly default: number | object;
}
const range = (limit: Limit) => `${limit.minimum} to ${limit.maximum}`;
/** The allowed range and the default, as help says it. */
export const standard = (limit: Limit) => `(${range(limit)}; default ${limit.default})`;
