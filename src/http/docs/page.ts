import type { OpenApi } from '../openapi.ts';
export const documentPage = (d: OpenApi) => ({ html: JSON.stringify(d), policy: '' });
