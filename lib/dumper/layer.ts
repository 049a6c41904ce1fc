// A layer between a logger and its children that keeps what these log. The logger itself stays as it is.
import type { Pino, Symbols } from './pino-symbols.js'
import type { Ring } from './ring.js'

/** On a logger: the ring that takes what it logs. */
export const RING = Symbol('blackbox.ring')
/** On a layer: what is known of the logger below it. */
export const HOME = Symbol('blackbox.home')

export interface Home {
  readonly logger: Pino
  readonly symbols: Symbols
  readonly hooks: { logMethod?: unknown, streamWrite?: (line: string) => string }
  /** Lowest level that is kept; undefined: all are. */
  readonly least: number | undefined
  /** The logger's level when the layer was last looked after. */
  level: number
}

type Method = (this: Pino, ...args: unknown[]) => unknown
interface Methods { asJson: Method, setLevel: Method, isLevelEnabled: Method }

const methods = new WeakMap<Symbols, Methods>()
/** Recording methods by the levels of a logger. */
const recording = new WeakMap<object, Map<string, Method>>()

/** `least` is a label. With 'trace', and with one that the logger does not know, all levels are kept. */
export function layerOver (logger: Pino, symbols: Symbols, least: string): Pino {
  const layer = Object.create(logger)
  const hooks = logger[symbols.hooks]
  const { values } = logger.levels
  const all = least === 'trace' || !Object.hasOwn(values, least)
  const home: Home = { logger, symbols, hooks, least: all ? undefined : values[least], level: logger[symbols.levelVal] }
  let own = methods.get(symbols)
  if (!own) methods.set(symbols, own = methodsFor(symbols))
  layer[HOME] = home
  layer[symbols.asJson] = own.asJson
  layer[symbols.setLevel] = own.setLevel
  layer.isLevelEnabled = own.isLevelEnabled
  if (hooks.streamWrite) layer[symbols.hooks] = { ...hooks, streamWrite: keeping(hooks.streamWrite) }
  install(layer, logger)
  return layer
}

/** The level of the logger below may have been changed. */
export function refresh (layer: Pino): void {
  const home: Home = layer[HOME]
  const level = home.logger[home.symbols.levelVal]
  if (level === home.level) return
  home.level = level
  install(layer, home.logger)
}

/** Puts a recording method wherever `source` has pino's method that does nothing. */
export function install (target: Pino, source = target): Pino {
  const home: Home = target[HOME]
  const { values } = target.levels
  let own = recording.get(values)
  if (!own) recording.set(values, own = new Map())
  for (const label in values) {
    if (source[label] !== source.silent || !keeps(home, values[label]!)) {
      if (target !== source && Object.hasOwn(target, label)) delete target[label]
      continue
    }
    let method = own.get(label)
    if (!method) own.set(label, method = recordingMethod(home.symbols, label, values[label]!))
    target[label] = method
  }
  return target
}

function keeps ({ least, logger, symbols }: Home, level: number): boolean {
  return least === undefined || logger[symbols.levelComp](level, least)
}

function recordingMethod ({ levelVal, levelComp }: Symbols, label: string, level: number): Method {
  return function (...args) {
    const home: Home | undefined = this?.[HOME]
    if (home === undefined) return
    // The level of the logger below was changed after its children were made.
    if (this[levelVal] !== home.level && this[levelComp](level, this[levelVal])) return home.logger[label].apply(this, args)
    const ring: Ring | undefined = this[RING]
    ring?.record(this, label, args)
  }
}

/** The ring of the line that is with `streamWrite`: pino has made it, and calls that hook next. */
let pending: Ring | undefined

function keeping (streamWrite: (line: string) => string) {
  return (line: string): string => {
    const ring = pending
    pending = undefined
    const written = streamWrite(line)
    ring?.keep(written)
    return written
  }
}

function methodsFor (symbols: Symbols): Methods {
  return {
    asJson (object, message, level, time) {
      const home: Home = this[HOME]
      const line = home.logger[symbols.asJson].call(this, object, message, level, time)
      const ring: Ring | undefined = keeps(home, level as number) ? this[RING] : undefined
      if (home.hooks.streamWrite) pending = ring
      else ring?.keep(line)
      return line
    },
    setLevel (level) {
      const home: Home = this[HOME]
      home.logger[symbols.setLevel].call(this, level)
      install(this)
    },
    isLevelEnabled (label) {
      const home: Home = this[HOME]
      if (home.logger.isLevelEnabled.call(this, label)) return true
      const level = this.levels.values[label as string]
      return this[RING] !== undefined && level !== undefined && label !== 'silent' && keeps(home, level)
    }
  }
}
