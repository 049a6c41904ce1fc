// The words in which a question says what the answer has to be.

export const ratio = (a, b) => a / b
export const difference = (a, b) => a - b
export const itself = value => value

/** `times` is how many times as good as the limit a value is. */
export const atLeast = limit => ({ text: `≥ ${limit}`, ok: value => value >= limit, times: value => value / limit })
export const atMost = (limit, unit = '') => ({ text: `≤ ${limit}${unit}`, ok: value => value <= limit, times: value => limit / Math.max(value, limit / 100) })
/** Without a limit it only says. */
export const open = { text: '-', ok: () => undefined }
