import type { oas31 } from 'zod-openapi';
import { type Html, html, prose } from './html.ts';

export type Schema = oas31.SchemaObject | oas31.ReferenceObject;

export const isReference = (schema: Schema): schema is oas31.ReferenceObject => '$ref' in schema;

const nameOf = ({ $ref }: oas31.ReferenceObject): string => $ref.slice($ref.lastIndexOf('/') + 1);

/** The schema behind a reference; the schema itself where it is none. */
export const resolved = (schema: Schema, named: Readonly<Record<string, Schema>>): Schema =>
  isReference(schema) ? (named[nameOf(schema)] ?? schema) : schema;

/** The type of a schema in a few words, with links to the named ones. */
export function typeOf(schema: Schema): Html {
  if (isReference(schema)) return html`<a href="#schema-${nameOf(schema)}">${nameOf(schema)}</a>`;
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return join(choices.map((one) => typeOf(one)));
  if (schema.const !== undefined) return html`${JSON.stringify(schema.const)}`;
  if (schema.enum) return html`${schema.enum.map((one) => JSON.stringify(one)).join(' | ')}`;
  if (schema.type === 'array' && schema.items && typeof schema.items !== 'boolean') {
    return html`list of ${typeOf(schema.items)}`;
  }
  if (typeof schema.additionalProperties === 'object' && !schema.properties) {
    return html`names → ${typeOf(schema.additionalProperties)}`;
  }
  const type = Array.isArray(schema.type) ? schema.type.join(' | ') : (schema.type ?? 'anything');
  return html`${schema.format ?? type}${range(schema)}`;
}

const join = (types: readonly Html[]): Html => html`${types.map((type, n) => [n > 0 && ' | ', type])}`;

function range({ minimum, maximum, minLength, maxLength, default: fallback }: oas31.SchemaObject): string {
  const from = minimum ?? minLength;
  // Zod bounds every integer by what a double can hold; that tells nobody anything.
  const to = maximum === Number.MAX_SAFE_INTEGER ? undefined : (maximum ?? maxLength);
  const bounds =
    from === undefined || from === Number.MIN_SAFE_INTEGER ? (to === undefined ? '' : ` ≤ ${to}`) : between(from, to);
  return bounds + (fallback === undefined ? '' : `, default ${JSON.stringify(fallback)}`);
}

const between = (from: number, to: number | undefined): string => (to === undefined ? ` ≥ ${from}` : ` ${from}–${to}`);

/** The fields of an object, inner objects below their field; a plain type for everything else. */
export function fields(schema: Schema): Html {
  if (isReference(schema) || !schema.properties) return html`<p class="type">${typeOf(schema)}</p>`;
  const required = new Set(schema.required);
  return html`<table>${Object.entries(schema.properties).map(
    ([name, field]) => html`<tr>
      <th><code>${name}</code>${!required.has(name) && html` <small>optional</small>`}</th>
      <td><span class="type">${typeOf(field)}</span>${!isReference(field) && field.description && html` <span>${prose(field.description)}</span>`}
      ${inner(field)}</td></tr>`,
  )}</table>`;
}

function inner(field: Schema): Html | false {
  if (isReference(field)) return false;
  if (field.properties) return fields(field);
  const { items } = field;
  if (items && typeof items !== 'boolean' && !isReference(items) && items.properties) return fields(items);
  return false;
}

/** A value that the schema would take, for examples: required fields, and those that bring an example of their own. */
export function exampleOf(schema: Schema, named: Readonly<Record<string, Schema>>): unknown {
  if (isReference(schema)) {
    const target = named[nameOf(schema)];
    return target ? exampleOf(target, named) : {};
  }
  if (schema.example !== undefined) return schema.example;
  if (schema.enum) return schema.enum[0];
  if (schema.properties) {
    const required = new Set(schema.required);
    const shown = Object.entries(schema.properties).filter(
      ([name, field]) => required.has(name) || (!isReference(field) && field.example !== undefined),
    );
    return Object.fromEntries(shown.map(([name, field]) => [name, exampleOf(field, named)]));
  }
  if (schema.type === 'array' && schema.items && typeof schema.items !== 'boolean')
    return [exampleOf(schema.items, named)];
  if (schema.type === 'boolean') return true;
  return schema.type === 'string' ? '…' : (schema.minimum ?? 0);
}
