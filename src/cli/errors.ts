import { catalogue } from '../errors.ts';

/** What the command line finds out by itself. What Baton refuses comes as a problem document with its own code. */
export const errors = catalogue({
  unreachable: { status: 503, retry: 'transient', message: 'Baton does not answer at {url}. Is it running? npm start' },
  unexpected_answer: {
    status: 502,
    retry: 'permanent',
    message: 'What answers at {url} does not seem to be Baton: {reason}.',
  },
  no_such_node: {
    status: 404,
    retry: 'permanent',
    message: 'There is no node "{ref}". Try: baton nodes ls',
  },
  ambiguous_server: {
    status: 400,
    retry: 'permanent',
    message: '"{ref}" could be {count} servers. Say which by its id:\n{candidates}',
  },
  no_such_server: {
    status: 404,
    retry: 'permanent',
    message: 'There is no server named "{ref}", nor one whose id begins so.',
  },
  bad_argument: { status: 400, retry: 'permanent', message: '{reason}' },
});

/** How a command ends; scripts rely on it. */
export const EXIT = { ok: 0, refused: 1, usage: 2, unreachable: 3 } as const;

export const isUsage = (code: string): boolean => code === 'bad_argument';
