// Which numbered lines were seen, a bit for each: an hour at 10,000 lines/s takes 5 MB for each output.

export class Ledger {
  /** By writer. */
  #seen = new Map()

  /** Lines `first` to `last` of a writer; returns how many of them had been seen before. */
  add (writer, first, last) {
    const bits = this.#room(writer, last)
    let again = 0
    for (let seq = first; seq <= last; seq++) {
      const mask = 1 << (seq & 7)
      if (bits[seq >> 3] & mask) again++
      bits[seq >> 3] |= mask
    }
    return again
  }

  has (writer, seq) {
    return ((this.#seen.get(writer)?.[seq >> 3] ?? 0) & (1 << (seq & 7))) !== 0
  }

  #room (writer, seq) {
    const bits = this.#seen.get(writer) ?? new Uint8Array(1024)
    const enough = seq >> 3 < bits.length ? bits : new Uint8Array(2 * (seq >> 3))
    if (enough !== bits) enough.set(bits)
    this.#seen.set(writer, enough)
    return enough
  }
}

/**
 * What of the acknowledged lines an output owes: neither found, nor deleted by us, nor counted as dropped (`excused` of them). `acked` says
 * of each writer below which number its lines are safe. `examples` are the first runs of lines that are not there, counted or not.
 */
export function owed ({ acked, found, deleted, excused }) {
  let [missing, removed] = [0, 0]
  const examples = []
  for (const [writer, end] of acked) {
    for (let seq = 0; seq < end; seq++) {
      if (found.has(writer, seq)) continue
      if (deleted.has(writer, seq)) {
        removed++
        continue
      }
      missing++
      const last = examples.at(-1)
      if (last?.[0] === writer && last[2] === seq - 1) last[2] = seq
      else if (examples.length < 20) examples.push([writer, seq, seq])
    }
  }
  return { lost: Math.max(0, missing - excused), missing, removed, examples }
}
