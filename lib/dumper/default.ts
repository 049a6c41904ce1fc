// The dumper of a process, there for whoever imports it: configured by the application, or by the environment alone.
import { reason } from '../errors.js'
import { parseDumper, type DumperOptions } from '../config/dumper.js'
import { FileDumper, type Dumper } from './dumper.js'

export interface DefaultDumper extends Dumper {
  /** From the next dump on, also after `close()`. Throws an OptionError, and leaves everything as it was. */
  configure (options?: DumperOptions): void
}

class ProcessDumper extends FileDumper implements DefaultDumper {
  #configured = false

  constructor () {
    super(parseDumper({}, {}))
  }

  configure (options?: DumperOptions): void {
    this.adopt(parseDumper(options))
    this.#configured = true
  }

  /** The environment is asked at the first use: variables may be set after this module was imported. */
  override get settings () {
    if (!this.#configured) {
      this.#configured = true
      try {
        this.adopt(parseDumper({}))
      } catch (error) {
        this.complain('options', `disabled: ${reason(error)}`)
      }
    }
    return super.settings
  }
}

/** Disabled, unless PINO_BLACKBOX_DUMPER_ENABLED is `true` or it is configured. Before that a bad variable is told, not thrown. */
export const dumper: DefaultDumper = new ProcessDumper()
