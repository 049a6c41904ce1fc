// How failed deliveries are repeated.
import { count, duration, flag, group, number, optional } from './option.js'
import { contradiction } from './options.js'
import type { Filled } from './option.js'

const schema = group({
  retries: optional(count('Failed attempts in a row until it is told on stderr. The data stays in the journal, and attempts go on.'), 3),
  minDelay: optional(duration('Longest wait after the first failed attempt.'), 1000),
  maxDelay: optional(duration('Longest wait of all; only `Retry-After` may ask for more, up to 5 minutes.'), 30_000),
  factor: optional(number('What the longest wait is multiplied by after every failed attempt.', 1, 100), 2),
  jitter: optional(flag('Waits a random part of that time ("full jitter"), so that many senders do not come back all at once.'), true)
})

export const retryOption = optional(schema, {})

export function checkRetry (output: string, { minDelay, maxDelay }: Filled<typeof schema>): void {
  if (minDelay > maxDelay) throw contradiction(output, 'retry.minDelay', `\`retry.minDelay\` (${minDelay} ms) is longer than \`retry.maxDelay\` (${maxDelay} ms)`)
}
