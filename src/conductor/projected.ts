/** A row as an actor projects it: what is stored as a time may be given in Unix milliseconds. */
export type Projected<T> = { readonly [K in keyof T]: Date extends T[K] ? number | Exclude<T[K], Date> : T[K] };
