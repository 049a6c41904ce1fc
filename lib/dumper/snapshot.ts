// A bounded plain copy of anything, with all secrets in it: for what stays in memory until somebody has to see it.
import { Budget, type Bounds } from './budget.js'
import { Walk } from './walk.js'

/**
 * A plain copy of anything: what JSON.stringify would write, and something readable where it would fail. Nothing in it is `value`'s own,
 * and it never throws. At most `nodes` values are looked at.
 */
export function copy (value: unknown, limits: Bounds & { nodes: number }): unknown {
  return flat(value, limits) ?? new Walk(limits, new Budget({ room: limits.nodes })).root(value)
}

/** The same for what is mostly copied: a few fields without anything below. Undefined for all else. */
function flat (value: unknown, { breadth, string, nodes }: Bounds & { nodes: number }): Record<string, unknown> | undefined {
  try {
    if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return undefined
    const copied: Record<string, unknown> = { ...value }
    let left = Math.min(breadth, nodes)
    for (const key in copied) {
      const field = copied[key]
      const kind = typeof field
      const fits = kind === 'string' ? (field as string).length <= string : kind === 'object' ? field === null : kind !== 'function' && kind !== 'bigint' && kind !== 'symbol'
      if (!fits || left-- === 0) return undefined
    }
    return copied
  } catch {
    return undefined
  }
}
