const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** PostgreSQL throws on anything else in a `uuid` column; what is no UUID names nothing that is stored. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
