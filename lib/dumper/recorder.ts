// The flight recorder: loggers whose lines are kept in memory, also those below their level.
import { HOME, install, layerOver, refresh, RING } from './layer.js'
import { Budget, Ring } from './ring.js'
import { symbolsOf, type Pino } from './pino-symbols.js'
import type { RecorderSettings } from '../config/recorder.js'

export class Recorder {
  readonly #settings: RecorderSettings
  readonly #budget = new Budget()
  readonly #layers = new WeakMap<object, Pino>()

  constructor (settings: RecorderSettings) {
    this.#settings = settings
  }

  /**
   * A logger that writes what `logger` writes, and whose children may be given rings. The same one for the same logger. What is no pino
   * logger comes back as it is. Never throws.
   */
  under (logger: object): object {
    try {
      if (HOME in logger) return logger
      let layer = this.#layers.get(logger)
      if (layer) refresh(layer)
      else if ((layer = this.#layer(logger))) this.#layers.set(logger, layer)
      return layer ?? logger
    } catch {
      return logger
    }
  }

  /**
   * From now on the ring takes what is logged with the `logger` that comes back, and with its children. That is `logger` itself when it was
   * made from `under()`, else one like it. There is no ring for what is no pino logger. Never throws.
   */
  start (logger: object): { logger: object, ring: Ring | undefined } {
    try {
      if (Object.hasOwn(logger, RING)) return { logger, ring: (logger as Pino)[RING] }
      const recorded = HOME in logger && !Object.hasOwn(logger, HOME) ? logger as object as Pino : this.#like(logger)
      return recorded ? { logger: recorded, ring: this.#give(recorded) } : { logger, ring: undefined }
    } catch {
      return { logger, ring: undefined }
    }
  }

  /**
   * The same for a child that somebody holds on to (pino-http logs its last line with it): it is changed itself. Only for a logger of one
   * request. Never throws.
   */
  adopt (logger: object): Ring | undefined {
    try {
      const own = logger as Pino
      if (Object.hasOwn(own, RING)) return own[RING]
      if (!(HOME in own)) {
        const layer = this.under(Object.getPrototypeOf(own)) as Pino
        if (!(HOME in layer)) return undefined
        for (const key of Reflect.ownKeys(layer)) if (!Object.hasOwn(own, key)) own[key] = layer[key]
        install(own)
      }
      return this.#give(own)
    } catch {
      return undefined
    }
  }

  #give (logger: Pino): Ring {
    return (logger[RING] = new Ring(this.#settings, this.#budget))
  }

  /** A child is done again, below its parent's layer: a layer of its own, for one request, would cost twenty times as much. */
  #like (logger: object): Pino | undefined {
    const parent = Object.getPrototypeOf(logger)
    const child = !(HOME in logger) && symbolsOf(parent) !== undefined
    const layer = this.under(child ? parent : logger) as Pino
    if (!(HOME in layer)) return undefined
    const recorded: Pino = Object.create(layer)
    return child ? install(Object.assign(recorded, logger)) : recorded
  }

  #layer (logger: object): Pino | undefined {
    const symbols = symbolsOf(logger)
    return symbols && layerOver(logger as Pino, symbols, this.#settings.level)
  }
}
