import { createHash } from 'node:crypto';
import type { oas31 } from 'zod-openapi';
import type { OpenApi } from '../openapi.ts';
import { type Html, html, prose } from './html.ts';
import { SCRIPT, STYLE } from './look.ts';
import { type Described, operationHtml, textOf } from './operation.ts';
import { fields, isReference } from './schema.ts';

const METHODS = ['get', 'post', 'patch', 'delete'] as const;

const SETUP = `export BATON_URL=http://127.0.0.1:8080
export BATON_TOKEN=$(cat .baton/admin-token)`;

/** Allows this page its own script and style, by their hashes, and nothing else. */
const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The document as a page that needs no other file, and the content security policy to send with it. */
export function documentPage(document: OpenApi): { readonly html: string; readonly policy: string } {
  const groups = (document.tags ?? []).map((tag) => ({ ...tag, operations: described(document, tag.name) }));
  const schemas = document.components?.schemas ?? {};
  const style: Html = { html: `<style>${STYLE}</style>` };
  const script: Html = { html: `<script>${SCRIPT}</script>` };
  const page = html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${document.info.title} API</title>${style}</head>
<body>
<nav>
  <input type="search" placeholder="Find an operation" aria-label="Find an operation">
  ${groups.map(
    ({ name, operations }) =>
      html`<h3>${name}</h3><ul>${operations.map(
        ({ method, path, operation }) =>
          html`<li data-text="${textOf({ method, path, operation })}"><a href="#${operation.operationId}">${operation.summary}</a></li>`,
      )}</ul>`,
  )}
  <h3>More</h3><ul><li><a href="#schemas">Schemas</a></li><li><a href="/api/openapi.json">openapi.json</a></li></ul>
</nav>
<main>
  <h1>${document.info.title} API <small>${document.info.version}</small></h1>
  <p>${prose(document.info.description ?? '')}</p>
  <pre><button type="button">copy</button><code>${SETUP}</code></pre>
  ${groups.map(
    ({ name, description, operations }) => html`<section><h2 id="tag-${name}">${name}</h2>
    <p class="faint">${prose(description ?? '')}</p>${operations.map((one) => operationHtml(one, schemas))}</section>`,
  )}
  <h2 id="schemas">Schemas</h2>
  ${Object.entries(schemas).map(
    ([name, schema]) => html`<details class="operation" id="schema-${name}"><summary><code class="path">${name}</code>
    <span>${!isReference(schema) && schema.description}</span></summary><div class="inside">${fields(schema)}</div></details>`,
  )}
</main>
${script}
</body></html>
`;
  return { html: page.html, policy: POLICY };
}

function described(document: OpenApi, tag: string): Described[] {
  return Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation: oas31.OperationObject | undefined = item[method];
      return operation?.tags?.includes(tag) ? [{ method, path, operation }] : [];
    }),
  );
}
