import type { oas31 } from 'zod-openapi';
import { type Html, html, prose } from './html.ts';
import { exampleOf, fields, isReference, resolved, type Schema, typeOf } from './schema.ts';

export interface Described {
  readonly method: string;
  readonly path: string;
  readonly operation: oas31.OperationObject;
}

/** What the page's search looks through. */
export const textOf = ({ method, path, operation }: Described): string =>
  `${method} ${path} ${operation.summary ?? ''}`.toLowerCase();

type Named = Readonly<Record<string, Schema>>;

/** One operation, folded: what it takes, what it answers, and how to call it. */
export function operationHtml({ method, path, operation }: Described, named: Named): Html {
  const body = jsonSchema(operation.requestBody);
  return html`<details class="operation" id="${operation.operationId}" data-text="${textOf({ method, path, operation })}">
    <summary><b class="method ${method}">${method.toUpperCase()}</b> <code class="path">${path}</code> <span>${operation.summary}</span></summary>
    <div class="inside">
      ${operation.description && html`<p>${prose(operation.description)}</p>`}
      ${access(operation)}
      ${parameters(operation)}
      ${body && html`<h4>Body${isOptional(operation) && html` <small>optional</small>`} <small>${typeOf(body)}</small></h4>${fields(resolved(body, named))}`}
      <h4>Answer</h4>${Object.entries(operation.responses ?? {}).map(([status, response]) => answer(status, response))}
      <h4>Example</h4><pre><button type="button">copy</button><code>${curl({ method, path, operation }, body, named)}</code></pre>
    </div>
  </details>`;
}

function access({ security }: oas31.OperationObject): Html | false {
  if (security === undefined) return false;
  if (security.length === 0) return html`<p>Needs no token.</p>`;
  return html`<p>Opens in a browser as well: any user name, the token as password.</p>`;
}

function parameters({ parameters: all = [] }: oas31.OperationObject): Html | false {
  const shown = all.filter((one) => !isReference(one as Schema)) as oas31.ParameterObject[];
  if (shown.length === 0) return false;
  return html`<h4>Parameters</h4><table>${shown.map(
    (one) => html`<tr>
      <th><code>${one.name}</code> <small>${one.in}${!one.required && ', optional'}</small></th>
      <td>${one.schema && html`<span class="type">${typeOf(one.schema)}</span>`} ${one.description && prose(one.description)}</td></tr>`,
  )}</table>`;
}

function answer(status: string, response: oas31.ResponseObject | oas31.ReferenceObject): Html {
  const schema = jsonSchema(response);
  const { description } = response as oas31.ResponseObject;
  return html`<div class="answer"><b>${status === 'default' ? 'else' : status}</b> <div>${description && prose(description)} ${schema && fields(schema)}</div></div>`;
}

const isOptional = ({ requestBody }: oas31.OperationObject): boolean =>
  requestBody !== undefined && 'content' in requestBody && requestBody.required === false;

function jsonSchema(of: unknown): Schema | undefined {
  const { content } = (of ?? {}) as oas31.ResponseObject;
  return Object.entries(content ?? {}).find(([type]) => type.endsWith('json'))?.[1].schema;
}

/** Ready for a shell, with the variables that the page's first lines set. */
function curl({ method, path, operation }: Described, body: Schema | undefined, named: Named): string {
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `$${name.toUpperCase()}`);
  const isOpen = operation.security?.length === 0;
  const parts = [
    `curl${method === 'get' ? '' : ` -X ${method.toUpperCase()}`} "$BATON_URL${url}"`,
    ...(isOpen ? [] : ['-H "Authorization: Bearer $BATON_TOKEN"']),
    ...(body && !isOptional(operation)
      ? ["-H 'Content-Type: application/json'", `-d '${JSON.stringify(exampleOf(body, named))}'`]
      : []),
  ];
  return parts.join(' \\\n  ');
}
