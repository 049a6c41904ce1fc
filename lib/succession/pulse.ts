// The death of a transport's worker, whichever way it comes: its thread exits (terminated, out of memory, `process.exit()` in it),
// or thread-stream's half in it says that it is about to (an 'error' of the destination, an uncaught exception).
import type { TransportStream } from '../logger.js'

export interface PulseListener {
  /** May be called twice for one death. */
  died (error: Error): void
  /** The thread is gone: its locks are free, its last writes done. */
  gone (): void
}

/**
 * Listens after thread-stream's own listeners: they have done with this worker when `died` is called. Returns a function that
 * ends it. Without a listener for the worker's own 'error' (thread-stream has none) running out of memory would end the application.
 */
export function follow ({ worker }: TransportStream, { died, gone }: PulseListener): () => void {
  let cause: Error | undefined
  const listeners = {
    error: (error: Error) => { cause = error },
    message: (message?: { code?: string, err?: unknown }) => { if (message?.code === 'ERROR') died(asError(message.err)) },
    exit: (code: number) => {
      died(cause ?? new Error(`its thread exited with code ${code}`))
      gone()
    }
  }
  for (const [event, listener] of Object.entries(listeners)) worker.on(event, listener)
  return () => { for (const [event, listener] of Object.entries(listeners)) worker.off(event, listener) }
}

export function asError (thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
