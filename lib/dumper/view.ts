// A logger that logs at all levels and from which nothing comes out: pino itself then says what it would have made of a call.
import { HOME, type Home } from './layer.js'
import type { Pino } from './pino-symbols.js'

/** `lines` takes what is written to it. */
export function viewOf (logger: Pino, level: string, lines: string[], hooks = (logger[HOME] as Home).hooks): Pino {
  const { symbols, logger: original }: Home = logger[HOME]
  const view = Object.create(logger)
  view[symbols.stream] = { write: (line: string) => { lines.push(line) } }
  view[symbols.asJson] = original[symbols.asJson]
  view[symbols.hooks] = hooks
  view[symbols.levelComp] = () => true
  // They count, or look at what goes on at the time of the call.
  view[symbols.mixin] = undefined
  view.emit = () => false
  original[symbols.setLevel].call(view, level)
  return view
}
