// Waiting for work: that it ends, and that the process does not end meanwhile.

/** The longest time that a timer can measure, in ms; with more it would end at once. */
export const LONGEST_TIMER = 2 ** 31 - 1

/** True when the work was done within `ms`, false when time was up. The work goes on either way. */
export async function within (work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>(resolve => { timer = setTimeout(resolve, Math.max(0, ms), false) })
  try {
    return await Promise.race([work.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Keeps the process alive for as long as the work takes. A transport does not: the process would end, with exit code 13, meanwhile. */
export async function awake<T> (work: () => Promise<T>): Promise<T> {
  const alive = setInterval(() => {}, 1 << 30)
  try {
    return await work()
  } finally {
    clearInterval(alive)
  }
}
