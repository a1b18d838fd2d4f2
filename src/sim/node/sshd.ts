/** Connections as machines have them: what a machine has closed, it takes nothing from any more. */
import type { Boot } from './machine.ts';

export interface Sshd {
  /** A new connection ends the one before, which may belong to a process that is no more. `onClosed` tells the other end. */
  accept(boot: Boot, onClosed: () => void): number;
  isOpen(connection: number, boot: Boot): boolean;
  close(connection: number): void;
}

export function createSshd(): Sshd {
  const open = new Map<number, { readonly bootId: string; readonly onClosed: () => void }>();
  let accepted = 0;

  function close(connection: number): void {
    const entry = open.get(connection);
    open.delete(connection);
    entry?.onClosed();
  }

  return {
    accept({ bootId, memory, uptimeMs }, onClosed) {
      accepted += 1;
      open.set(accepted, { bootId, onClosed });
      const before = memory.connection?.id;
      memory.connection = { id: accepted, sinceMs: uptimeMs() };
      if (before !== undefined) close(before);
      return accepted;
    },
    isOpen: (connection, { bootId }) => open.get(connection)?.bootId === bootId,
    close,
  };
}
