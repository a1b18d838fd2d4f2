import { catalogue } from '../src/errors.ts';

/** What is wrong with the settings that Baton was started with. */
export const errors = catalogue({
  invalid_settings: { status: 500, retry: 'permanent', message: 'These settings are wrong:\n{faults}' },
});
