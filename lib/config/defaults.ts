// The default of every option, by output.
import { consoleSchema } from './console.js'
import { jsonlSchema } from './jsonl.js'
import { defaultsOf } from './options.js'

export const DEFAULTS = Object.freeze({ jsonl: Object.freeze(defaultsOf(jsonlSchema)), console: Object.freeze(defaultsOf(consoleSchema)) })
